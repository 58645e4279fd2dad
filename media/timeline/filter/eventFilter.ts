import type { EventKind } from '../../../src/storage/events';
import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import { GROUP_NAMES, EVENT_GROUPS } from './eventGroups';
import type { EventGroup } from './eventGroups';
import type { Playlist } from '../replay/playlist';

export interface FilterCriteria {
  text: string;
  group: EventGroup | undefined;
  /** Only what failed. */
  failed: boolean;
  /** The name of a tool; '' for any. */
  tool: string;
  /** A part of a path; '' for any. */
  file: string;
}

/** Everything fits. */
export const NO_CRITERIA: FilterCriteria = { text: '', group: undefined, failed: false, tool: '', file: '' };

/** What a filter needs of the page. */
export interface FilterContext {
  playlist(): Playlist;
  find(query: TimelineParameters<'findEvents'>): Promise<TimelineResult<'findEvents'> | undefined>;
  changed(): void;
}

/** The rows of the playlist that fit some criteria. The extension looks for them, over the whole run; here are only their numbers. */
export class EventFilter {
  readonly #context: FilterContext;
  #rows: number[] = [];
  #counts = new Map<EventKind, number>();
  #scannedRows = 0;
  #isScanning = false;
  /** Told apart from the one before by being another object: an answer to old criteria is thrown away. */
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

  /** Not everything was looked at yet. */
  get isScanning(): boolean {
    return this.#isScanning;
  }

  /** Rows that fit, of the first `shownRows` of the playlist. */
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

  /** The playlist's row of a line of the list; without criteria they are the same. */
  rowOf(line: number): number {
    return this.isActive ? (this.#rows[line] ?? -1) : line;
  }

  /** How many there are of a group, whatever group is chosen. */
  countOf(group: EventGroup): number {
    return EVENT_GROUPS[group].kinds.reduce((sum, kind) => sum + (this.#counts.get(kind) ?? 0), 0);
  }

  set(criteria: FilterCriteria): void {
    this.#criteria = criteria;
    this.restart();
  }

  /** Looks at everything again: another playlist has other rows. */
  restart(): void {
    this.#criteria = { ...this.#criteria };
    this.#rows = [];
    this.#counts = new Map();
    this.#scannedRows = 0;
    this.#isScanning = false;
    this.extend();
    this.#context.changed();
  }

  /** Looks at what the playlist has now and was not looked at. */
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
      if (found === undefined) break; // the page says why
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
