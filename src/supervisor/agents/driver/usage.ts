import type { ContextUse, DraftEvent, Usage } from '../../../storage/events';

/** A cost that the agent reports as a running total over its whole session. */
export class RunningCost {
  /** In USD, up to the last call of `takeUsd`. After a resume it is unknown until the agent has reported it once. */
  #takenUsd: number | undefined;
  #latestUsd: number | undefined;

  constructor(isResumed: boolean) {
    this.#takenUsd = isResumed ? undefined : 0;
  }

  update(totalUsd: number): void {
    this.#latestUsd = totalUsd;
  }

  /** The cost since the last call of `takeUsd`; undefined where it is not known. */
  get soFarUsd(): number | undefined {
    if (this.#takenUsd === undefined || this.#latestUsd === undefined) return undefined;
    return roundUsd(Math.max(0, this.#latestUsd - this.#takenUsd));
  }

  /** The cost since the last call; undefined where it is not known. */
  takeUsd(): number | undefined {
    const soFarUsd = this.soFarUsd;
    this.#takenUsd = this.#latestUsd ?? this.#takenUsd;
    this.#latestUsd = undefined;
    return soFarUsd;
  }
}

/** What an agent tells of its context window, as events. */
export class ContextReport {
  readonly #emit: (event: DraftEvent) => void;
  #told: ContextUse = {};

  constructor(emit: (event: DraftEvent) => void) {
    this.#emit = emit;
  }

  /** What is absent in `use` is as it was before. */
  tell(use: ContextUse, before = this.#told): void {
    const { usedTokens = before.usedTokens, limitTokens = before.limitTokens } = use;
    if (usedTokens === this.#told.usedTokens && limitTokens === this.#told.limitTokens) return;
    this.#set({
      ...(usedTokens === undefined ? {} : { usedTokens }),
      ...(limitTokens === undefined ? {} : { limitTokens }),
    });
  }

  /** The agent made it smaller. How much it holds now is not known before the next request. */
  compacted(before: number | undefined = this.#told.usedTokens): void {
    const compaction = before === undefined ? {} : { usedTokens: before };
    const text = 'The conversation was compacted.';
    this.#emit({ kind: 'message', data: { role: 'system', text, compaction } });
    const { limitTokens } = this.#told;
    if (this.#told.usedTokens !== undefined) this.#set(limitTokens === undefined ? {} : { limitTokens });
  }

  #set(told: ContextUse): void {
    this.#told = told;
    this.#emit({ kind: 'usage', data: { context: told } });
  }
}

/** Adds up two usages. A cost that neither has stays unknown. */
export function addUsage(a: Usage, b: Usage): Usage {
  const costUsd =
    a.costUsd === undefined && b.costUsd === undefined ? undefined : roundUsd((a.costUsd ?? 0) + (b.costUsd ?? 0));
  return {
    inputTokens: (a.inputTokens ?? 0) + (b.inputTokens ?? 0),
    outputTokens: (a.outputTokens ?? 0) + (b.outputTokens ?? 0),
    cachedTokens: (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0),
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

/** Removes the noise of binary fractions, so that 0.1 + 0.2 is 0.3. */
function roundUsd(costUsd: number): number {
  return Number(costUsd.toFixed(9));
}
