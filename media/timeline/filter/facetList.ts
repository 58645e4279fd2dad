import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import { STEP_EVENTS } from './eventFilter';
import type { Track } from '../replay/track';

/** Tools, and files, that are kept: those with the most events. */
const MAX_NAMES = 500;

/** What a list of facets needs of the page. */
export interface FacetStage {
  track(): Track;
  read(part: TimelineParameters<'facets'>): Promise<TimelineResult<'facets'> | undefined>;
  changed(): void;
}

/** The tools and files that can be chosen from, with counts over the whole track. Read when somebody is about to choose, and no sooner. */
export class FacetList {
  readonly #stage: FacetStage;
  #tools = new Map<string, number>();
  #files = new Map<string, number>();
  #readRows = 0;
  #isReading = false;

  constructor(stage: FacetStage) {
    this.#stage = stage;
  }

  /** By name. */
  get tools(): [string, number][] {
    return sorted(this.#tools);
  }

  /** By path. */
  get files(): [string, number][] {
    return sorted(this.#files);
  }

  /** Forgets everything: another track has others. */
  restart(): void {
    this.#tools = new Map();
    this.#files = new Map();
    this.#readRows = 0;
  }

  /** Reads what the track has and was not read. */
  async extend(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    for (;;) {
      const [track, tools, files] = [this.#stage.track(), this.#tools, this.#files];
      const place = track.placeOf(this.#readRows);
      const run = track.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) break;
      const toSeq = Math.min(run.eventCount, place.seq + STEP_EVENTS - 1);
      const found = await this.#stage.read({ runId: run.runId, fromSeq: place.seq, toSeq });
      if (found === undefined) break; // the page says why
      if (tools !== this.#tools) continue; // an answer about another track
      for (const { name, count } of found.tools) tools.set(name, (tools.get(name) ?? 0) + count);
      for (const { name, count } of found.files) files.set(name, (files.get(name) ?? 0) + count);
      this.#tools = mostOf(tools);
      this.#files = mostOf(files);
      this.#readRows += toSeq - place.seq + 1;
      this.#stage.changed();
    }
    this.#isReading = false;
  }
}

function mostOf(counts: Map<string, number>): Map<string, number> {
  return counts.size <= MAX_NAMES ? counts : new Map([...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_NAMES));
}

function sorted(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}
