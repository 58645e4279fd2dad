import type { DraftEvent, Usage } from '../../../storage/events';
import { ContextReport } from '../driver/usage';
import type { CodexTokens, CodexTokenUsage } from './codexMessages';

const NOTHING: CodexTokens = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/** What each turn used, from the running totals of the thread. The thread may be older than this run. */
export class CodexUsage {
  readonly context: ContextReport;
  /** The thread's total at the end of the last turn. */
  #taken: CodexTokens | undefined;
  #total: CodexTokens | undefined;

  constructor(emit: (event: DraftEvent) => void) {
    this.context = new ContextReport(emit);
  }

  /** Returns what was used since `take`. `last` is the last request's part: what the context window holds now. */
  update({ total, last, modelContextWindow: limitTokens }: CodexTokenUsage, isOfThisTurn: boolean): Usage {
    this.context.tell({ usedTokens: last.inputTokens + last.outputTokens, limitTokens });
    // A resumed thread first reports its total after an earlier turn.
    this.#taken ??= subtract(total, isOfThisTurn ? last : NOTHING);
    this.#total = total;
    return this.#soFar() ?? {};
  }

  #soFar(): Usage | undefined {
    if (this.#total === undefined || this.#taken === undefined) return undefined;
    const { inputTokens, cachedInputTokens: cachedTokens, outputTokens } = subtract(this.#total, this.#taken);
    return { inputTokens: Math.max(0, inputTokens - cachedTokens), outputTokens, cachedTokens };
  }

  /** What was used since the last call; undefined where nothing was reported. */
  take(): Usage | undefined {
    const used = this.#soFar();
    if (used !== undefined) this.#taken = this.#total;
    return used;
  }
}

/** Never below zero, even where the total shrank. */
function subtract(total: CodexTokens, part: CodexTokens): CodexTokens {
  return {
    inputTokens: Math.max(0, total.inputTokens - part.inputTokens),
    cachedInputTokens: Math.max(0, total.cachedInputTokens - part.cachedInputTokens),
    outputTokens: Math.max(0, total.outputTokens - part.outputTokens),
  };
}
