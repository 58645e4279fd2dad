import { cancelledError } from './gitErrors';

/** Lets so many processes run side by side; the others wait, first come, first served. */
export class ProcessPool {
  readonly #size: number;
  readonly #waiting: (() => void)[] = [];
  #taken = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Runs `action` as soon as there is a place for it.
   * @throws CANCELLED where `signal` was aborted before
   */
  async run<T>(action: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#enter(signal);
    try {
      return await action();
    } finally {
      this.#leave();
    }
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw cancelledError();
    if (this.#taken < this.#size) {
      this.#taken++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const abandon = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(cancelledError());
      };
      const enter = (): void => {
        signal?.removeEventListener('abort', abandon);
        resolve();
      };
      this.#waiting.push(enter);
      signal?.addEventListener('abort', abandon, { once: true });
    });
  }

  /** The place goes straight to the next in line, so nobody can slip in between. */
  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }
}
