import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import type { Playlist } from './playlist';

/** Tools, and likewise files, that are kept: the ones with the most events. */
const MAX_FACETS = 500;

/** What the facets need from the page. */
export interface FacetContext {
  playlist(): Playlist;
  read(part: TimelineParameters<'facets'>): Promise<TimelineResult<'facets'> | undefined>;
  changed(): void;
}

/**
 * The tools and files that the filter offers, with their numbers of events in the playlist.
 * They are read only when somebody turns to the filter.
 */
export class Facets {
  readonly #context: FacetContext;
  #tools = new Map<string, number>();
  #files = new Map<string, number>();
  #readRows = 0;
  #isReading = false;

  constructor(context: FacetContext) {
    this.#context = context;
  }

  /** In order of name. */
  get tools(): [string, number][] {
    return sortedByName(this.#tools);
  }

  /** In order of path. */
  get files(): [string, number][] {
    return sortedByName(this.#files);
  }

  /** Forgets everything, since the playlist is a different one now. */
  restart(): void {
    this.#tools = new Map();
    this.#files = new Map();
    this.#readRows = 0;
  }

  /** Reads the part of the playlist that has not been read yet. */
  async extend(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    for (;;) {
      const [playlist, tools, files] = [this.#context.playlist(), this.#tools, this.#files];
      const place = playlist.placeOf(this.#readRows);
      const run = playlist.runs.find(({ runId }) => runId === place?.runId);
      if (place === undefined || run === undefined) break;
      const toSeq = Math.min(run.eventCount, place.seq + MAX_EVENTS_PER_QUERY - 1);
      const found = await this.#context.read({ runId: run.runId, fromSeq: place.seq, toSeq });
      if (found === undefined) break; // the page shows the error
      if (tools !== this.#tools) continue; // the answer is about the playlist before
      for (const { name, count } of found.tools) tools.set(name, (tools.get(name) ?? 0) + count);
      for (const { name, count } of found.files) files.set(name, (files.get(name) ?? 0) + count);
      this.#tools = withMostEvents(tools);
      this.#files = withMostEvents(files);
      this.#readRows += toSeq - place.seq + 1;
      this.#context.changed();
    }
    this.#isReading = false;
  }
}

function withMostEvents(counts: Map<string, number>): Map<string, number> {
  return counts.size <= MAX_FACETS ? counts : new Map([...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_FACETS));
}

function sortedByName(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}
