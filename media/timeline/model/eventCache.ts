import { WINDOW_SIZE } from '../../../src/protocol/timelineProtocol';
import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { CallIndex } from './rows/callIndex';
import { EventFolds } from './rows/eventFolds';

/** More than a screen has lines, since in a filtered list each line may be from another window. */
export const MAX_WINDOWS = 150;
/** Events that are kept with nothing cut. */
const MAX_WHOLE_EVENTS = 10;
/** A window that could not be loaded is not asked for again before this time is over. */
const RETRY_AFTER_MS = 3_000;

export type LoadEvents = (runId: string, fromSeq: number, limit: number) => Promise<TimelineEvent[]>;

interface EventWindow {
  runId: string;
  firstSeq: number;
  /** By their place in the window; undefined for a damaged record. */
  events: (TimelineEvent | undefined)[];
  loading: boolean;
  failedAtMs: number;
}

/** Events around what is shown, in a bounded number of windows. The least recently needed windows are dropped. */
export class EventCache {
  readonly #load: LoadEvents;
  readonly #onChange: () => void;
  readonly #onError: (error: unknown) => void;
  /** In order of use, the newest last. */
  readonly #windows = new Map<string, EventWindow>();
  readonly #wholeEvents = new Map<number, TimelineEvent>();
  #maxWindows = MAX_WINDOWS;
  readonly calls = new CallIndex();
  readonly folds = new EventFolds({ calls: this.calls, windowSize: WINDOW_SIZE });

  constructor(load: LoadEvents, onChange: () => void, onError: (error: unknown) => void) {
    this.#load = load;
    this.#onChange = onChange;
    this.#onError = onError;
  }

  /** The event; `missing` if its record is damaged; undefined while it is not loaded. */
  get(runId: string, seq: number): TimelineEvent | 'missing' | undefined {
    const slot = this.#windows.get(keyOf(runId, seq));
    const index = (seq - 1) % WINDOW_SIZE;
    if (slot === undefined || index >= slot.events.length) return undefined;
    const event = slot.events[index];
    return event === undefined ? 'missing' : this.wholeOf(event);
  }

  /** The event with nothing cut, where it was loaded so. */
  wholeOf<E extends TimelineEvent>(event: E): E {
    return (this.#wholeEvents.get(event.id) ?? event) as E; // the same event
  }

  /** `get` then gives this event instead of its preview. */
  addWhole(event: TimelineEvent): void {
    this.#wholeEvents.set(event.id, event);
    for (const oldest of this.#wholeEvents.keys()) {
      if (this.#wholeEvents.size <= MAX_WHOLE_EVENTS) break;
      this.#wholeEvents.delete(oldest);
    }
  }

  /** Drops nothing, for a page that has every event in itself. */
  keepAll(): void {
    this.#maxWindows = Infinity;
  }

  /** Loads the windows with `fromSeq` to `toSeq` of a run that has `eventCount` events, as far as they are missing. */
  ensure(runId: string, fromSeq: number, toSeq: number, eventCount: number): void {
    const lastSeq = Math.min(toSeq, eventCount);
    for (let firstSeq = firstOf(Math.max(1, fromSeq)); firstSeq <= lastSeq; firstSeq += WINDOW_SIZE) {
      const key = keyOf(runId, firstSeq);
      const slot = this.#windows.get(key) ?? { runId, firstSeq, events: [], loading: false, failedAtMs: 0 };
      this.#windows.delete(key);
      this.#windows.set(key, slot);
      const expected = Math.min(WINDOW_SIZE, eventCount - firstSeq + 1);
      if (slot.events.length < expected && !slot.loading && Date.now() - slot.failedAtMs >= RETRY_AFTER_MS)
        void this.#fill(slot, expected);
    }
    this.#dropOldest();
  }

  /** Adds pushed events, which come in order of `seq`. One that neither continues nor begins a window is left out. */
  add(events: readonly TimelineEvent[]): void {
    const grown = new Set<EventWindow>();
    for (const event of events) {
      const { runId, seq } = event;
      const key = keyOf(runId, seq);
      const slot = this.#windows.get(key) ?? {
        runId,
        firstSeq: firstOf(seq),
        events: [],
        loading: false,
        failedAtMs: 0,
      };
      if (slot.events.length !== seq - slot.firstSeq) continue;
      slot.events.push(event);
      this.#windows.set(key, slot);
      this.calls.add(event);
      grown.add(slot);
    }
    for (const slot of grown) this.folds.update(slot);
    this.#dropOldest();
  }

  async #fill(slot: EventWindow, expected: number): Promise<void> {
    const { runId } = slot;
    const from = slot.events.length;
    slot.loading = true;
    try {
      const events = await this.#load(runId, slot.firstSeq + from, expected - from);
      if (this.#windows.get(keyOf(runId, slot.firstSeq)) === slot) {
        for (const event of events) {
          const index = event.seq - slot.firstSeq;
          if (index < expected) slot.events[index] = event;
          else slot.events.length = expected; // beyond the window, so what is open in it are damaged records
          this.calls.add(event);
        }
        this.folds.update(slot);
        if (slot.events.length < expected) slot.failedAtMs = Date.now(); // not indexed yet
      }
    } catch (error) {
      slot.failedAtMs = Date.now();
      this.#onError(error);
    }
    slot.loading = false;
    this.#onChange();
  }

  #dropOldest(): void {
    for (const [key, slot] of this.#windows) {
      if (this.#windows.size <= this.#maxWindows) return;
      this.#windows.delete(key);
      for (const event of slot.events) if (event !== undefined) this.calls.remove(event);
      this.folds.remove(slot);
    }
  }
}

function firstOf(seq: number): number {
  return seq - ((seq - 1) % WINDOW_SIZE);
}

function keyOf(runId: string, seq: number): string {
  return `${runId} ${String(firstOf(seq))}`;
}
