import { settledWithin } from '../settledWithin';

/** Waits no longer than a limit for work on a disk, and starts none on what still keeps earlier work waiting. */
export class Patience {
  readonly #limitMs: number;
  readonly #underWay = new Map<string, Promise<unknown>>();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * Runs `work` on the thing called `name`. At most one thread of the process waits for each such thing.
   * @throws where it takes too long, or where earlier work on it has not ended yet
   */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    if (this.#underWay.has(name)) throw new Error(`${name} does not answer`);
    const working = work();
    if (await settledWithin(working, this.#limitMs)) return await working;
    this.#underWay.set(name, working);
    void working.catch(() => undefined).then(() => this.#underWay.delete(name));
    throw new Error(`${name} does not answer`);
  }
}
