import type { EventKind } from '../../../src/storage/events';
import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import { GROUP_NAMES, KIND_GROUPS } from './kindGroups';
import type { KindGroup } from './kindGroups';
import type { Track } from '../replay/track';

/** Events that one question looks at: an answer to each keeps the page's memory and the extension's time bounded. */
export const STEP_EVENTS = 20_000;

export interface Criteria {
  text: string;
  group: KindGroup | undefined;
  /** Only what failed. */
  failed: boolean;
  /** The name of a tool; '' for any. */
  tool: string;
  /** A part of a path; '' for any. */
  file: string;
}

/** Everything fits. */
export const NO_CRITERIA: Criteria = { text: '', group: undefined, failed: false, tool: '', file: '' };

/** What a filter needs of the page. */
export interface FilterStage {
  track(): Track;
  find(query: TimelineParameters<'find'>): Promise<TimelineResult<'find'> | undefined>;
  changed(): void;
}

/** The rows of the track that fit some criteria. The extension looks for them, over the whole run; here are only their numbers. */
export class EventFilter {
  readonly #stage: FilterStage;
  #rows: number[] = [];
  #counts = new Map<EventKind, number>();
  #scannedRows = 0;
  #isScanning = false;
  /** Told apart from the one before by being another object: an answer to old criteria is thrown away. */
  #criteria: Criteria = NO_CRITERIA;

  constructor(stage: FilterStage) {
    this.#stage = stage;
  }

  get criteria(): Criteria {
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

  /** Rows that fit, of the first `shownRows` of the track. */
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

  /** The track's row of a line of the list; without criteria they are the same. */
  rowOf(line: number): number {
    return this.isActive ? (this.#rows[line] ?? -1) : line;
  }

  /** How many there are of a group, whatever group is chosen. */
  countOf(group: KindGroup): number {
    return KIND_GROUPS[group].kinds.reduce((sum, kind) => sum + (this.#counts.get(kind) ?? 0), 0);
  }

  set(criteria: Criteria): void {
    this.#criteria = criteria;
    this.restart();
  }

  /** Looks at everything again: another track has other rows. */
  restart(): void {
    this.#criteria = { ...this.#criteria };
    this.#rows = [];
    this.#counts = new Map();
    this.#scannedRows = 0;
    this.#isScanning = false;
    this.extend();
    this.#stage.changed();
  }

  /** Looks at what the track has now and was not looked at. */
  extend(): void {
    if (this.isActive && !this.#isScanning) void this.#scan();
  }

  async #scan(): Promise<void> {
    const criteria = this.#criteria;
    const { group, ...query } = criteria;
    this.#isScanning = true;
    for (;;) {
      const track = this.#stage.track();
      const place = track.placeOf(this.#scannedRows);
      const run = track.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) break;
      const toSeq = Math.min(run.eventCount, place.seq + STEP_EVENTS - 1);
      const kinds = group === undefined ? undefined : [...KIND_GROUPS[group].kinds];
      const found = await this.#stage.find({ runId: run.runId, fromSeq: place.seq, toSeq, ...query, kinds });
      if (criteria !== this.#criteria) return;
      if (found === undefined) break; // the page says why
      for (const seq of found.seqs) this.#rows.push(this.#scannedRows + seq - place.seq);
      for (const kind of KINDS) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + (found.counts[kind] ?? 0));
      this.#scannedRows += toSeq - place.seq + 1;
      this.#stage.changed();
    }
    this.#isScanning = false;
    this.#stage.changed();
  }
}

const KINDS: readonly EventKind[] = GROUP_NAMES.flatMap((group): readonly EventKind[] => KIND_GROUPS[group].kinds);
