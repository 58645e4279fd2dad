/** Runs an action at most once per interval: at once for the first request, and once more after the last one. */
export class Throttle {
  readonly #intervalMs: number;
  readonly #action: () => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  #isBusy = false;
  #isAsked = false;
  #isDisposed = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number, action: () => Promise<unknown>, onError: (error: unknown) => void) {
    this.#intervalMs = intervalMs;
    this.#action = action;
    this.#onError = onError;
  }

  ask(): void {
    this.#isAsked = true;
    if (!this.#isBusy && !this.#isDisposed) this.#run();
  }

  /** The action was just done in another way: the next request waits for the interval. */
  rest(): void {
    if (!this.#isBusy && !this.#isDisposed) this.#wait();
  }

  dispose(): void {
    this.#isDisposed = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#isBusy = true;
    this.#isAsked = false;
    void this.#action()
      .catch(this.#onError)
      .then(() => {
        if (!this.#isDisposed) this.#wait();
      });
  }

  #wait(): void {
    this.#isBusy = true;
    this.#timer = setTimeout(() => {
      this.#isBusy = false;
      if (this.#isAsked) this.#run();
    }, this.#intervalMs);
  }
}
