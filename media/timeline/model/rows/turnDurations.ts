import type { TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { MAX_EVENTS_PER_QUERY } from '../../../../src/protocol/timelineProtocol';
import type { Ask } from '../extensionHostClient';

/** How long turns took. A turn can have begun long before what is loaded, so the extension is asked once for each. */
export class TurnDurations {
  readonly #ask: Ask;
  readonly #changed: () => void;
  /** Milliseconds by the id of the event that ended the turn; undefined while or where it is not known. */
  readonly #durations = new Map<number, number | undefined>();

  constructor(ask: Ask, changed: () => void) {
    this.#ask = ask;
    this.#changed = changed;
  }

  /** Milliseconds; undefined while it is not known. */
  of(ended: TimelineEvent): number | undefined {
    if (!this.#durations.has(ended.id)) {
      this.#durations.set(ended.id, undefined);
      void this.#find(ended);
    }
    return this.#durations.get(ended.id);
  }

  async #find({ id, runId, seq, timestamp }: TimelineEvent): Promise<void> {
    const found = await this.#ask('findEvents', {
      runId,
      fromSeq: Math.max(1, seq - MAX_EVENTS_PER_QUERY),
      toSeq: seq,
      text: '',
      failed: false,
      tool: '',
      file: '',
      kinds: ['turn.started'],
    });
    const startedSeq = found?.seqs.at(-1);
    const event = startedSeq === undefined ? undefined : (await this.#ask('event', { runId, seq: startedSeq }))?.event;
    if (event === undefined) return;
    this.#durations.set(id, Date.parse(timestamp) - Date.parse(event.timestamp));
    this.#changed();
  }
}
