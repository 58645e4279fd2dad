/** What Claude's `result` lines say: how a turn ended, and what it used. */
import type { DraftEvent, EventData, Usage } from '../../../storage/events';
import type { TurnEnd } from '../driver/turns';
import { INTERRUPTED } from '../driver/turns';
import { addUsage, RunningCost } from '../driver/usage';
import { ClaudeContext } from './claudeContext';
import type { ClaudeModelUsage, ClaudeOf, ClaudeResult, ClaudeRetry } from './claudeMessages';

/** A request to the model's service failed, and Claude repeats it. */
export function retryError({
  error,
  error_status: status,
  attempt,
  max_retries: limit,
}: ClaudeRetry): EventData<'error'> {
  const what = [error ?? 'unknown error', status ?? ''].join(' ').trim();
  return {
    message: `The request failed (${what}); trying again, attempt ${attempt ?? '?'} of ${limit ?? '?'}`,
    code: error ?? 'unknown',
    retrying: true,
  };
}

/** Only `is_error` tells whether a turn failed: `subtype` is `success` even for a failed request. */
export function turnEndOf(result: ClaudeResult): TurnEnd {
  const { terminal_reason: terminalReason, subtype } = result;
  if (terminalReason === 'aborted_streaming' || terminalReason === 'aborted_tools') return INTERRUPTED;
  if (!result.is_error) return { stopReason: result.stop_reason ?? 'unknown', failed: false };
  return {
    stopReason: terminalReason ?? subtype ?? 'error',
    failed: true,
    message: result.result ?? result.errors?.join('; ') ?? terminalReason ?? subtype ?? 'The turn failed',
  };
}

/** What each turn used. Older versions only report a running total of the cost, which continues over a resume. */
export class ClaudeUsage {
  readonly context: ClaudeContext;
  readonly #cost: RunningCost;
  /** By the id of each request's message; its lines repeat what it took. */
  readonly #requests = new Map<string, Usage>();

  constructor(isResumed: boolean, emit: (event: DraftEvent) => void) {
    this.#cost = new RunningCost(isResumed);
    this.context = new ClaudeContext(emit);
  }

  /** What the open turn has used when this message of it came. */
  readRequest(message: ClaudeOf<'assistant'>): Usage {
    this.context.readRequest(message);
    const { id, usage } = message.message;
    if (id && usage !== undefined) this.#requests.set(id, requestUsage(usage));
    return [...this.#requests.values()].reduce<Usage>(addUsage, {});
  }

  /** The usage of the turn that `result` ends. To be called once for each result. */
  take(result: ClaudeResult): Usage | undefined {
    this.context.readResult(result);
    if (result.total_cost_usd !== undefined) this.#cost.update(result.total_cost_usd);
    this.#requests.clear();
    const costUsd = this.#cost.takeUsd();
    const models = Object.values(result.model_usage_since_last_result ?? {});
    // These include sub-agents and interrupted turns, which `usage` leaves out.
    if (models.length > 0) return models.reduce<Usage>((sum, model) => addUsage(sum, usageOf(model)), {});
    const { usage } = result;
    if (!usage) return undefined;
    return { ...requestUsage(usage), ...(costUsd === undefined ? {} : { costUsd }) };
  }
}

function requestUsage(usage: NonNullable<ClaudeResult['usage']>): Usage {
  return {
    inputTokens: usage.input_tokens + usage.cache_creation_input_tokens,
    outputTokens: usage.output_tokens,
    cachedTokens: usage.cache_read_input_tokens,
  };
}

function usageOf(model: ClaudeModelUsage): Usage {
  return {
    inputTokens: model.inputTokens + model.cacheCreationInputTokens,
    outputTokens: model.outputTokens,
    cachedTokens: model.cacheReadInputTokens,
    costUsd: model.costUSD ?? 0,
  };
}
