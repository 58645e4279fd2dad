import type { Usage } from '../../../storage/events';
import type { CodexTokens } from './codexMessages';

const NOTHING: CodexTokens = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/** What each turn used, from the running totals of the thread. The thread may be older than this run. */
export class CodexUsage {
  /** The thread's total at the end of the last turn. */
  #taken: CodexTokens | undefined;
  #total: CodexTokens | undefined;

  /** `last` is the last request's part of the total. */
  update({ total, last }: { total: CodexTokens; last: CodexTokens }, isOfThisTurn: boolean): void {
    // A resumed thread first reports its total after an earlier turn.
    this.#taken ??= subtract(total, isOfThisTurn ? last : NOTHING);
    this.#total = total;
  }

  /** What was used since the last call; undefined where nothing was reported. */
  take(): Usage | undefined {
    if (this.#total === undefined || this.#taken === undefined) return undefined;
    const { inputTokens, cachedInputTokens: cachedTokens, outputTokens } = subtract(this.#total, this.#taken);
    this.#taken = this.#total;
    return { inputTokens: Math.max(0, inputTokens - cachedTokens), outputTokens, cachedTokens };
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
