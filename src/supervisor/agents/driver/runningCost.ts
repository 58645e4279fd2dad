/** A cost that an agent tells as a running total over its whole session. */
export class RunningCost {
  /** In USD; unknown after a resume until it is told once. */
  #taken: number | undefined;
  #latest: number | undefined;

  constructor(isResumed: boolean) {
    this.#taken = isResumed ? undefined : 0;
  }

  update(totalUsd: number): void {
    this.#latest = totalUsd;
  }

  /** What was added since the last call, without the noise of binary fractions; undefined where it is not known. */
  takeUsd(): number | undefined {
    const before = this.#taken;
    const latest = this.#latest;
    this.#latest = undefined;
    if (latest === undefined) return undefined;
    this.#taken = latest;
    return before === undefined ? undefined : Number(Math.max(0, latest - before).toFixed(9));
  }
}
