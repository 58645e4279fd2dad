import type { Pause } from '../runnerProtocol/protocol';

export type PausedFile = 'journal' | 'output';

/** Whether a run's files can be written: one pause lasts from the first file that cannot be to the last that can again. */
export class WritePause {
  readonly #reasons = new Map<PausedFile, string>();
  readonly #tell: (pause: Pause | null) => void;
  #current: Pause | null = null;

  /** `tell` is called when writing stops, with the reason, and with null when it goes on. */
  constructor(tell: (pause: Pause | null) => void) {
    this.#tell = tell;
  }

  get current(): Pause | null {
    return this.#current;
  }

  /** `reason` is why the file cannot be written; undefined when it can again. Returns the pause that this ended. */
  set(file: PausedFile, reason: string | undefined): Pause | undefined {
    if (reason === undefined) this.#reasons.delete(file);
    else this.#reasons.set(file, reason);
    const before = this.#current;
    this.#current =
      this.#reasons.size === 0
        ? null
        : { reason: [...new Set(this.#reasons.values())].join(' '), since: before?.since ?? new Date().toISOString() };
    this.#tell(this.#current);
    return this.#current === null ? (before ?? undefined) : undefined;
  }
}
