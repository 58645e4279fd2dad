import { messageOf } from '../../../../common/errors';

/** Fetches a session's work from its host whenever that has a new snapshot: one fetch at a time, and none too few. */
export class WorkHome {
  readonly #fetch: () => Promise<void>;
  #underWay: Promise<void> | undefined;
  #isAsked = false;
  #failure: unknown;

  constructor(fetch: () => Promise<void>) {
    this.#fetch = fetch;
  }

  ask(): void {
    this.#isAsked = true;
    this.#underWay ??= this.#run().finally(() => (this.#underWay = undefined));
  }

  /** Settles when all that was asked for is here, or was tried. Gives why the last fetch failed. */
  async settled(): Promise<unknown> {
    while (this.#underWay !== undefined) await this.#underWay;
    return this.#failure;
  }

  async #run(): Promise<void> {
    while (this.#isAsked) {
      this.#isAsked = false;
      this.#failure = await this.#fetch().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(messageOf(error))),
      );
    }
  }
}
