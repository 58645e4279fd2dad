/** What Claude's `result` lines say: how a turn ended, what it cost, and in the end how the whole run went. */
import type { EventData, Usage } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { ClaudeResult, ClaudeRetry } from './claudeMessages';
import type { AgentExit } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { describeExit } from '../driver/ending';

/** A request to the model's service failed and is made again. */
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

/** The end of a turn. `subtype` says success even for a failed request: only `is_error` counts. */
export function turnEndOf(result: ClaudeResult): Pick<EventData<'turn.ended'>, 'stopReason' | 'failed' | 'message'> {
  if (isAborted(result)) return { stopReason: 'interrupted', failed: true, message: 'Interrupted' };
  if (result.is_error)
    return {
      stopReason: result.terminal_reason ?? result.subtype ?? 'error',
      failed: true,
      message: failureOf(result),
    };
  return { stopReason: result.stop_reason ?? 'unknown', failed: false };
}

function isAborted(result: ClaudeResult): boolean {
  return result.terminal_reason === 'aborted_streaming' || result.terminal_reason === 'aborted_tools';
}

function failureOf(result: ClaudeResult): string {
  return result.result ?? result.errors?.join('; ') ?? result.terminal_reason ?? result.subtype ?? 'The turn failed';
}

/**
 * How a run went that ended by itself. The exit code alone lies: it is 0 after SIGINT, and 1 for errors that the result
 * explains. `result` is the last turn's, undefined where that one never ended; `turns` is how many were begun.
 */
export function judgeClaude(exit: AgentExit, result: ClaudeResult | undefined, turns: number): Ending {
  if (result === undefined) {
    // 128 + n is how the program's own handler ends after signal n.
    const wasSignalled = exit.exitCode !== null && exit.exitCode > 128 && exit.exitCode < 160;
    const where = turns === 0 ? 'before its first turn' : 'in the middle of a turn';
    return {
      outcome: wasSignalled ? 'crashed' : 'failed',
      reason: oneLine(`The agent ended ${where}: it ${describeExit(exit)}`),
    };
  }
  if (isAborted(result)) return { outcome: 'interrupted', reason: 'Interrupted' };
  if (result.is_error) return { outcome: 'failed', reason: oneLine(failureOf(result)) };
  if (exit.exitCode !== 0) return { outcome: 'failed', reason: oneLine(`The agent ${describeExit(exit)}`) };
  return { outcome: 'completed', reason: 'Completed' };
}

/** What each turn used. Newer versions tell it; older ones only tell a running total of the cost, which goes on over a resume. */
export class ClaudeCosts {
  /** In USD; unknown after a resume until the first result. */
  #total: number | undefined;

  constructor(isResumed: boolean) {
    this.#total = isResumed ? undefined : 0;
  }

  /** The usage of the turn that `result` ends. To be asked once for each result. */
  usageOf(result: ClaudeResult): Usage | undefined {
    const before = this.#total;
    this.#total = result.total_cost_usd ?? before;
    const models = Object.values(result.model_usage_since_last_result ?? {});
    if (models.length > 0) {
      // These also hold sub-agents and turns that were cut short, which `usage` leaves out.
      const sum = { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 };
      for (const model of models) {
        sum.inputTokens += model.inputTokens + model.cacheCreationInputTokens;
        sum.outputTokens += model.outputTokens;
        sum.cachedTokens += model.cacheReadInputTokens;
        sum.costUsd = roundCost(sum.costUsd + (model.costUSD ?? 0));
      }
      return sum;
    }
    const usage = result.usage;
    if (!usage) return undefined;
    return {
      inputTokens: usage.input_tokens + usage.cache_creation_input_tokens,
      outputTokens: usage.output_tokens,
      cachedTokens: usage.cache_read_input_tokens,
      ...(before === undefined || this.#total === undefined
        ? {}
        : { costUsd: roundCost(Math.max(0, this.#total - before)) }),
    };
  }
}

/** Without the noise of binary fractions: 0.1 + 0.2 is 0.3. */
function roundCost(costUsd: number): number {
  return Number(costUsd.toFixed(9));
}
