/** Writes the index to disk some time after a change, so that the next start reads little of the journals. */
export class CheckpointTimer {
  readonly #delayMs: number;
  readonly #checkpoint: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isWriting = false;
  #isDisposed = false;
  #changeCount = 0;

  /** `checkpoint` must not reject. */
  constructor(delayMs: number, checkpoint: () => Promise<void>) {
    this.#delayMs = delayMs;
    this.#checkpoint = checkpoint;
  }

  /** The first change after a checkpoint starts the delay, so that a session that never rests is written, too. */
  markChanged(): void {
    this.#changeCount++;
    this.#start();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#isDisposed = true;
  }

  #start(): void {
    if (this.#isWriting || this.#isDisposed) return;
    this.#timer ??= setTimeout(() => void this.#write(), this.#delayMs).unref();
  }

  async #write(): Promise<void> {
    const changeCount = this.#changeCount;
    this.#timer = undefined;
    this.#isWriting = true;
    await this.#checkpoint();
    this.#isWriting = false;
    if (this.#changeCount !== changeCount) this.#start();
  }
}
