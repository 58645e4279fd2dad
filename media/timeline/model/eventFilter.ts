import type { EventKind } from '../../../src/storage/events';
import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import { GROUP_NAMES, EVENT_GROUPS } from './eventGroups';
import type { EventGroup } from './eventGroups';
import type { Playlist } from './playlist';

export interface FilterCriteria {
  text: string;
  group: EventGroup | undefined;
  /** Only events of failures. */
  failed: boolean;
  /** The name of a tool; '' for any. */
  tool: string;
  /** A part of a path; '' for any. */
  file: string;
}

/** Matches every event. */
export const NO_CRITERIA: FilterCriteria = { text: '', group: undefined, failed: false, tool: '', file: '' };

/** What it takes to look for events in the playlist. */
export interface FindContext {
  playlist: () => Playlist;
  /** Gives undefined where it failed, once the page has been told why. */
  find: (query: TimelineParameters<'findEvents'>) => Promise<TimelineResult<'findEvents'> | undefined>;
}

export interface FilterContext extends FindContext {
  changed: () => void;
  /** Somebody chose other criteria. */
  criteriaChanged?: () => void;
}

/** The rows of the playlist that match the criteria. The extension searches; the page keeps row numbers only. */
export class EventFilter {
  readonly #context: FilterContext;
  #rows: number[] = [];
  #counts = new Map<EventKind, number>();
  #scannedRows = 0;
  #isScanning = false;
  /** Replaced by a new object at each change, so that answers to older criteria are recognised and ignored. */
  #criteria: FilterCriteria = NO_CRITERIA;

  constructor(context: FilterContext) {
    this.#context = context;
  }

  get criteria(): FilterCriteria {
    return this.#criteria;
  }

  get isActive(): boolean {
    const { text, group, failed, tool, file } = this.#criteria;
    return text !== '' || group !== undefined || failed || tool !== '' || file !== '';
  }

  /** True until the whole playlist has been searched. */
  get isScanning(): boolean {
    return this.#isScanning;
  }

  /** Number of matching rows among the first `shownRows` of the playlist. */
  count(shownRows: number): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#rows[middle] ?? Infinity) < shownRows) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The playlist's row at a line of the list; the same number while there are no criteria. */
  rowOf(line: number): number {
    return this.isActive ? (this.#rows[line] ?? -1) : line;
  }

  /** Number of matching events of a group, whichever group is selected. */
  countOf(group: EventGroup): number {
    return EVENT_GROUPS[group].kinds.reduce((sum, kind) => sum + (this.#counts.get(kind) ?? 0), 0);
  }

  set(criteria: FilterCriteria): void {
    this.#criteria = criteria;
    this.restart();
    this.#context.criteriaChanged?.();
  }

  /** Searches everything again, since the playlist is a different one now. */
  restart(): void {
    this.#criteria = { ...this.#criteria };
    this.#rows = [];
    this.#counts = new Map();
    this.#scannedRows = 0;
    this.#isScanning = false;
    this.extend();
    this.#context.changed();
  }

  /** Searches the part of the playlist that has not been searched yet. */
  extend(): void {
    if (this.isActive && !this.#isScanning) void this.#scan();
  }

  async #scan(): Promise<void> {
    const criteria = this.#criteria;
    const { group, ...query } = criteria;
    this.#isScanning = true;
    for (;;) {
      const playlist = this.#context.playlist();
      const place = playlist.placeOf(this.#scannedRows);
      const run = playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) break;
      const toSeq = Math.min(run.eventCount, place.seq + MAX_EVENTS_PER_QUERY - 1);
      const kinds = group === undefined ? undefined : [...EVENT_GROUPS[group].kinds];
      const found = await this.#context.find({ runId: run.runId, fromSeq: place.seq, toSeq, ...query, kinds });
      if (criteria !== this.#criteria) return;
      if (found === undefined) break; // the page shows the error
      for (const seq of found.seqs) this.#rows.push(this.#scannedRows + seq - place.seq);
      for (const kind of KINDS) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + (found.counts[kind] ?? 0));
      this.#scannedRows += toSeq - place.seq + 1;
      this.#context.changed();
    }
    this.#isScanning = false;
    this.#context.changed();
  }
}

const KINDS: readonly EventKind[] = GROUP_NAMES.flatMap((group): readonly EventKind[] => EVENT_GROUPS[group].kinds);
