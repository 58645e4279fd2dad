import type { Usage } from '../../../storage/events';
import type { CodexTokens } from './codexMessages';

const NOTHING: CodexTokens = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/** What each turn used, from the running totals of a thread that may be older than this run. */
export class CodexUsage {
  /** Of the whole thread, up to the last turn's end. */
  #told: CodexTokens | undefined;
  #total: CodexTokens | undefined;

  /** `last` is the part of the total that the last request used. */
  update({ total, last }: { total: CodexTokens; last: CodexTokens }, isOfThisTurn: boolean): void {
    // A thread that is taken up again first tells its total as of an earlier turn.
    this.#told ??= subtract(total, isOfThisTurn ? last : NOTHING);
    this.#total = total;
  }

  /** What was used since the last call; undefined where nothing was told. */
  take(): Usage | undefined {
    if (this.#total === undefined || this.#told === undefined) return undefined;
    const { inputTokens, cachedInputTokens: cachedTokens, outputTokens } = subtract(this.#total, this.#told);
    this.#told = this.#total;
    return { inputTokens: Math.max(0, inputTokens - cachedTokens), outputTokens, cachedTokens };
  }
}

/** Never below zero: a total that shrank tells nothing. */
function subtract(total: CodexTokens, part: CodexTokens): CodexTokens {
  return {
    inputTokens: Math.max(0, total.inputTokens - part.inputTokens),
    cachedInputTokens: Math.max(0, total.cachedInputTokens - part.cachedInputTokens),
    outputTokens: Math.max(0, total.outputTokens - part.outputTokens),
  };
}
