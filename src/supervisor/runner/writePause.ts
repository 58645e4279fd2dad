import { isDiskFull, messageOf } from '../../common/errors';
import type { DraftEvent, RunState } from '../../storage/events';
import type { Pause } from '../runnerProtocol/protocol';

export type PausedFile = 'journal' | 'output';

/** Whether a run's files can be written. A pause lasts from the first failure to the last recovery. */
export class WritePause {
  readonly #errors = new Map<PausedFile, unknown>();
  readonly #onChanged: (pause: Pause | null) => void;
  #current: Pause | null = null;

  /** `onChanged` is called with the pause when writing stops, and with null when it goes on. */
  constructor(onChanged: (pause: Pause | null) => void) {
    this.#onChanged = onChanged;
  }

  get current(): Pause | null {
    return this.#current;
  }

  /** `error` is why the file cannot be written; undefined when it can again. Returns the pause that this ended. */
  set(file: PausedFile, error: unknown): Pause | undefined {
    if (error === undefined) this.#errors.delete(file);
    else this.#errors.set(file, error);
    const before = this.#current;
    const errors = [...this.#errors.values()];
    this.#current =
      errors.length === 0
        ? null
        : {
            reason: [...new Set(errors.map(messageOf))].join(' '),
            since: before?.since ?? new Date().toISOString(),
            cause: errors.some(isDiskFull) ? 'diskFull' : 'notWritable',
          };
    this.#onChanged(this.#current);
    return this.#current === null ? (before ?? undefined) : undefined;
  }
}

/** The event that tells of a pause which has ended. */
export function waitedEvent(state: RunState, { reason: cause }: Pause): DraftEvent {
  const reason = `The agent's output had to wait, for nothing could be written: ${cause}. Nothing was lost.`;
  return { kind: 'status', data: { from: state, to: state, reason } };
}
