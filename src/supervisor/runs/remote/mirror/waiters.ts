/** Lets many wait for the next change of something that has a name, at no cost meanwhile. */
export class Waiters {
  readonly #waiting = new Map<string, Set<() => void>>();

  wake(name: string): void {
    for (const wake of this.#waiting.get(name) ?? []) wake();
  }

  /** Settles with the next change, or with `signal`. */
  async wait(name: string, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting);
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        if (waiting.size === 0) this.#waiting.delete(name);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
