import type { Detail, TimelineEvent } from '../../../../src/protocol/timelineProtocol';
import { callIdOf, parentIdOf } from './callIndex';
import type { CallIndex } from './callIndex';
import { NO_FOLD, foldEvents, isPlanTool } from './foldEvents';
import type { FoldState } from './foldEvents';

/** Calls inside of calls are followed so far; what is deeper keeps rows of its own. */
const MAX_DEPTH = 8;

/** Loaded events that are next to each other in a run. */
export interface FoldWindow {
  readonly runId: string;
  readonly firstSeq: number;
  /** By their place; undefined for a damaged record. */
  readonly events: readonly (TimelineEvent | undefined)[];
}

interface FoldedWindow {
  window: FoldWindow;
  rows: readonly number[];
  end: FoldState;
  version: number;
}

export interface EventFoldsOptions {
  calls: CallIndex;
  /** Events of a window that is full. */
  windowSize: number;
}

/** Which loaded events share a row. Each change folds again only the window that it touches. */
export class EventFolds {
  readonly #calls: CallIndex;
  readonly #windowSize: number;
  readonly #windows = new Map<string, FoldedWindow>();
  /** How each window ended, also those that are not loaded any more: what the next one begins with. */
  readonly #ends = new Map<string, FoldState>();
  #detail: Detail = 'normal';
  #version = 0;

  constructor({ calls, windowSize }: EventFoldsOptions) {
    this.#calls = calls;
    this.#windowSize = windowSize;
  }

  get detail(): Detail {
    return this.#detail;
  }

  setDetail(detail: Detail): void {
    this.#detail = detail;
    this.#ends.clear();
    for (const { window } of this.#windows.values()) this.update(window);
  }

  /** Events were added to the window. */
  update(window: FoldWindow): void {
    this.#fold(window);
    for (const event of window.events) if (event !== undefined) this.#touchRelated(event);
  }

  remove({ runId, firstSeq }: FoldWindow): void {
    this.#windows.delete(keyOf(runId, firstSeq));
  }

  /** The loaded windows, each with a number that is larger than `version` of an earlier time if it changed since. */
  get windows(): Iterable<{ window: FoldWindow; version: number }> {
    return this.#windows.values();
  }

  get version(): number {
    return this.#version;
  }

  /** The `seq` of the event whose row has this one; its own if it has a row, undefined if it is in none. */
  rowOf(event: TimelineEvent): number | undefined {
    if (this.#detail === 'everything') return event.seq;
    let top = event;
    for (let depth = 0; depth <= MAX_DEPTH; depth++) {
      const owner = this.#ownerOf(top);
      if (owner === undefined) return this.#ownRowOf(top);
      top = owner;
    }
    return event.seq;
  }

  /** The calls that share the row of this one, itself included. `after` are the events after it. */
  groupOf(head: TimelineEvent, after: Iterable<TimelineEvent>): TimelineEvent[] {
    const group = [head];
    for (const event of after) {
      const row = this.rowOf(event);
      if (row === event.seq) break;
      if (row === head.seq && event.kind === 'tool.call' && parentIdOf(event) === undefined) group.push(event);
    }
    return group;
  }

  /** The row of an event that belongs to no call. */
  #ownRowOf(event: TimelineEvent): number | undefined {
    const { runId, seq } = event;
    if (event.kind === 'tool.call' && isPlanTool(event)) {
      const { result } = this.#calls.callOf(runId, event.data.callId);
      return result === undefined || result.data.status === 'ok' ? undefined : seq;
    }
    const row = this.#windows.get(this.#keyAt(runId, seq))?.rows[(seq - 1) % this.#windowSize];
    return row === undefined ? seq : row === 0 ? undefined : row;
  }

  /** The loaded event to which this one belongs. It is an earlier one, or a replay would hide what it shows. */
  #ownerOf(event: TimelineEvent): TimelineEvent | undefined {
    const { runId } = event;
    const callId = parentIdOf(event) ?? (event.kind === 'tool.call' ? undefined : callIdOf(event));
    const owner =
      event.kind === 'permission.answer'
        ? this.#calls.requestOf(runId, event.data.requestId)
        : callId === undefined
          ? undefined
          : this.#calls.callOf(runId, callId).call;
    return owner === undefined || owner.seq >= event.seq ? undefined : owner;
  }

  #fold(window: FoldWindow): void {
    const { runId, firstSeq, events } = window;
    const key = keyOf(runId, firstSeq);
    const start = this.#ends.get(keyOf(runId, firstSeq - this.#windowSize)) ?? NO_FOLD;
    const { rows, end } = foldEvents(events, firstSeq, start, this.#detail);
    this.#windows.set(key, { window, rows, end, version: ++this.#version });
    const before = this.#ends.get(key);
    if (events.length < this.#windowSize) return; // only a full window has a next one
    this.#ends.set(key, end);
    if (before?.group === end.group && before.ending === end.ending) return;
    const next = this.#windows.get(keyOf(runId, firstSeq + this.#windowSize));
    if (next !== undefined) this.#fold(next.window);
  }

  /** Events of other windows that this one gives a row, or takes it from. */
  #touchRelated(event: TimelineEvent, depth = 0): void {
    const { runId } = event;
    if (event.kind === 'permission.request') this.#touch(this.#calls.answerOf(runId, event.data.requestId));
    if (event.kind === 'tool.result') this.#touch(this.#calls.callOf(runId, event.data.callId).call);
    if (event.kind !== 'tool.call' || depth > MAX_DEPTH) return;
    const { result, request, changes, children } = this.#calls.callOf(runId, event.data.callId);
    for (const related of [result, request, ...changes, ...children]) this.#touch(related);
    for (const child of [...(request === undefined ? [] : [request]), ...children])
      this.#touchRelated(child, depth + 1);
  }

  #touch(event: TimelineEvent | undefined): void {
    const folded = event === undefined ? undefined : this.#windows.get(this.#keyAt(event.runId, event.seq));
    if (folded !== undefined && folded.version !== this.#version) folded.version = ++this.#version;
  }

  #keyAt(runId: string, seq: number): string {
    return keyOf(runId, seq - ((seq - 1) % this.#windowSize));
  }
}

function keyOf(runId: string, firstSeq: number): string {
  return `${runId} ${String(firstSeq)}`;
}
