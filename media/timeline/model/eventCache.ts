import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';

/** Events that are loaded and dropped together. */
export const WINDOW_SIZE = 50;
/** More than a screen has lines, since in a filtered list each line may be from another window. */
export const MAX_WINDOWS = 150;
/** Events that are kept with nothing cut. */
const MAX_WHOLE_EVENTS = 10;
/** A window that could not be loaded is not asked for again before this time is over. */
const RETRY_AFTER_MS = 3_000;

/** What the loaded events say about a tool call. */
export interface CallFacts {
  call?: Extract<TimelineEvent, { kind: 'tool.call' }>;
  /** The question whether the call may be made. */
  request?: Extract<TimelineEvent, { kind: 'permission.request' }>;
  result?: Extract<TimelineEvent, { kind: 'tool.result' }>;
}
export type PermissionAnswer = Extract<TimelineEvent, { kind: 'permission.answer' }>;

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
  readonly #calls = new Map<string, CallFacts>();
  readonly #answers = new Map<string, PermissionAnswer>();

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
    return event === undefined ? 'missing' : (this.#wholeEvents.get(event.id) ?? event);
  }

  /** `get` then gives this event instead of its preview. */
  addWhole(event: TimelineEvent): void {
    this.#wholeEvents.set(event.id, event);
    for (const oldest of this.#wholeEvents.keys()) {
      if (this.#wholeEvents.size <= MAX_WHOLE_EVENTS) break;
      this.#wholeEvents.delete(oldest);
    }
  }

  callOf(runId: string, callId: string): CallFacts {
    return this.#calls.get(`${runId} ${callId}`) ?? {};
  }

  answerOf(runId: string, requestId: string): PermissionAnswer | undefined {
    return this.#answers.get(`${runId} ${requestId}`);
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
      this.#addFacts(event);
    }
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
          this.#addFacts(event);
        }
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
      if (this.#windows.size <= MAX_WINDOWS) return;
      this.#windows.delete(key);
      this.#removeFacts(slot);
    }
  }

  #addFacts(event: TimelineEvent): void {
    if (event.kind === 'permission.answer') this.#answers.set(`${event.runId} ${event.data.requestId}`, event);
    const key = callKeyOf(event);
    if (key === undefined) return;
    const facts = this.#calls.get(key) ?? {};
    if (event.kind === 'tool.call') facts.call = event;
    else if (event.kind === 'permission.request') facts.request = event;
    else if (event.kind === 'tool.result') facts.result = event;
    this.#calls.set(key, facts);
  }

  #removeFacts(slot: EventWindow): void {
    for (const event of slot.events) {
      if (event === undefined) continue;
      if (event.kind === 'permission.answer') this.#answers.delete(`${event.runId} ${event.data.requestId}`);
      const key = callKeyOf(event);
      const facts = key === undefined ? undefined : this.#calls.get(key);
      if (key === undefined || facts === undefined) continue;
      if (facts.call === event) delete facts.call;
      if (facts.request === event) delete facts.request;
      if (facts.result === event) delete facts.result;
      if (Object.keys(facts).length === 0) this.#calls.delete(key);
    }
  }
}

/** The call that the event is about; undefined for any other event. */
function callKeyOf(event: TimelineEvent): string | undefined {
  const isAboutCall = event.kind === 'tool.call' || event.kind === 'permission.request' || event.kind === 'tool.result';
  return isAboutCall && event.data.callId !== undefined ? `${event.runId} ${event.data.callId}` : undefined;
}

function firstOf(seq: number): number {
  return seq - ((seq - 1) % WINDOW_SIZE);
}

function keyOf(runId: string, seq: number): string {
  return `${runId} ${String(firstOf(seq))}`;
}
