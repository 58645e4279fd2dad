import type { TimelineEvent } from '../../../src/protocol/timelineProtocol';
import { EventCache } from './eventCache';
import type { LoadEvents } from './eventCache';
import type { Ask } from './extensionHostClient';
import type { EventFilter } from './eventFilter';
import type { CallFacts, PermissionAnswer } from './rows/callIndex';
import type { EventFolds } from './rows/eventFolds';
import type { PendingPermissions } from './pendingPermissions';
import type { Playlist } from './playlist';

/** Rows that are loaded around what is shown, so that scrolling and playing seldom wait. */
const LOOK_AHEAD = 150;

export interface ShownEventsContext {
  playlist: () => Playlist;
  /** The replay shows this many rows of the playlist. */
  shownRows: () => number;
  filter: EventFilter;
  permissions: PendingPermissions;
  ask: Ask;
  load: LoadEvents;
  loadFailed: (error: unknown) => void;
  changed: () => void;
}

/** Loaded events, as the replay shows them. A row is any event of the playlist, a line one that fits the filter. */
export class ShownEvents {
  readonly #context: ShownEventsContext;
  readonly #cache: EventCache;

  constructor(context: ShownEventsContext) {
    this.#context = context;
    this.#cache = new EventCache(context.load, context.changed, context.loadFailed);
  }

  /** Which events share a row of the list. */
  get folds(): EventFolds {
    return this.#cache.folds;
  }

  /** See `EventCache.keepAll`. */
  keepAll(): void {
    this.#cache.keepAll();
  }

  /** Takes events that the extension pushed. */
  add(events: readonly TimelineEvent[]): void {
    this.#cache.add(events);
  }

  /** The event of a row; see `EventCache.get`. */
  at(row: number): TimelineEvent | 'missing' | undefined {
    const place = this.#context.playlist().placeOf(row);
    return place === undefined ? undefined : this.#cache.get(place.runId, place.seq);
  }

  /** A row's time on the playlist's clock, undefined while not loaded. A missing event has the time before it. */
  timeOf(row: number): number | undefined {
    for (let each = row; each >= 0; each--) {
      const event = this.at(each);
      if (event === 'missing') continue;
      if (event === undefined) return undefined;
      return this.#context.playlist().elapsedMs(event.runId, Date.parse(event.timestamp));
    }
    return 0;
  }

  /** What is known of a tool call at this point of the replay. */
  callOf(runId: string, callId: string): CallFacts {
    const { call, request, result, changes, children } = this.#cache.calls.callOf(runId, callId);
    const whole = <E extends TimelineEvent>(event: E): E => this.#cache.wholeOf(event);
    return {
      ...(call === undefined ? {} : { call: whole(call) }),
      ...(request === undefined || !this.isShown(request) ? {} : { request: whole(request) }),
      ...(result === undefined || !this.isShown(result) ? {} : { result: whole(result) }),
      changes: changes.filter((change) => this.isShown(change)).map(whole),
      children: children.filter((child) => this.isShown(child)).map(whole),
    };
  }

  /** True while the tool call waits for somebody's permission. */
  awaitsPermission(runId: string, callId: string): boolean {
    const requestId = this.#cache.calls.callOf(runId, callId).request?.data.requestId;
    return requestId !== undefined && this.#context.permissions.isPending({ runId, requestId });
  }

  /** How a question was answered; undefined while no answer is shown. */
  answerOf(runId: string, requestId: string): PermissionAnswer | undefined {
    const answer = this.#cache.calls.answerOf(runId, requestId);
    return answer === undefined || !this.isShown(answer) ? undefined : answer;
  }

  /** Loads these rows and some around them. */
  loadRows(fromRow: number, toRow: number): void {
    const playlist = this.#context.playlist();
    const last = Math.min(toRow + LOOK_AHEAD, playlist.rowCount - 1);
    for (let row = Math.max(0, fromRow - LOOK_AHEAD); row <= last;) {
      const place = playlist.placeOf(row);
      const run = playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) return;
      const toSeq = Math.min(run.eventCount, place.seq + last - row);
      this.#cache.ensure(run.runId, place.seq, toSeq, run.eventCount);
      row += toSeq - place.seq + 1;
    }
  }

  /** Loads these lines; of a filtered list just those, since the rows around them are not shown. */
  loadLines(fromLine: number, toLine: number): void {
    const { filter } = this.#context;
    if (!filter.isActive) {
      this.loadRows(fromLine, toLine);
      return;
    }
    const playlist = this.#context.playlist();
    for (let line = fromLine; line <= toLine; line++) {
      const place = playlist.placeOf(filter.rowOf(line));
      const run = playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place !== undefined && run !== undefined) this.#cache.ensure(run.runId, place.seq, place.seq, run.eventCount);
    }
  }

  /** Loads an event with nothing cut. */
  async loadWhole({ runId, seq }: TimelineEvent): Promise<void> {
    const whole = await this.#context.ask('event', { runId, seq });
    if (whole === undefined) return;
    this.#cache.addWhole(whole.event);
    this.#context.changed();
  }

  /** True unless the replay has not come to it yet. */
  isShown(event: TimelineEvent): boolean {
    return (this.#context.playlist().rowOf(event) ?? 0) < this.#context.shownRows();
  }
}
