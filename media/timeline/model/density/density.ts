import { MAX_EVENTS_PER_QUERY } from '../../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../../src/protocol/timelineProtocol';
import { GROUP_NAMES, groupOf } from '../eventGroups';
import type { EventGroup } from '../eventGroups';
import type { Pauses } from './pauses';
import type { Playlist } from '../playlist';
import type { TimeScale } from './timeScale';

/** The most stretches that a playlist without its pauses is divided into, not counting one more for each run. */
export const MAX_STRETCHES = 240;
/** The shortest stretch. Longer ones are this times a power of two, so that two merge into one of the next length. */
const SHORTEST_MS = 50;
/** Lets the list load first, and counts a flood of events in a few queries. */
const DELAY_MS = 300;

/** What the density needs from the page. */
export interface DensityContext {
  playlist(): Playlist;
  /** When nothing happened, for which there are no stretches. */
  pauses: Pauses;
  count(query: TimelineParameters<'density'>): Promise<TimelineResult<'density'> | undefined>;
  changed(): void;
}

/** Number of events in a stretch of time by group; groups without events are absent. */
export type StretchCounts = Partial<Record<EventGroup, number>>;

interface RunDensity {
  /** Events up to this one have been counted. */
  countedSeq: number;
  stretches: Map<number, StretchCounts>;
}

/** How much happened when in the playlist, as a bounded number of counts. The extension counts each event once. */
export class Density {
  readonly #context: DensityContext;
  #stretchMs = SHORTEST_MS;
  #runs = new Map<string, RunDensity>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isCounting = false;
  /** Changes whenever something has been counted. */
  version = 0;

  constructor(context: DensityContext) {
    this.#context = context;
  }

  /** The scale on which the playlist is drawn. */
  get scale(): TimeScale {
    return this.#context.pauses.scale;
  }

  /** Length of a stretch. */
  get stretchMs(): number {
    return this.#stretchMs;
  }

  /** Counts of a run by the index of the stretch; stretches without events are absent. */
  stretchesOf(runId: string): ReadonlyMap<number, StretchCounts> {
    return this.#runs.get(runId)?.stretches ?? new Map<number, StretchCounts>();
  }

  /** Counts everything again, since the playlist is a different one now. */
  restart(): void {
    this.#runs = new Map();
    this.version++;
    this.#context.pauses.restart();
    this.#stretchMs = SHORTEST_MS;
    this.extend();
  }

  /** Counts the part of the playlist that has not been counted yet, after a short delay. */
  extend(): void {
    if (this.#timer !== undefined || this.#isCounting || this.#nextRun() === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isCounting = true;
      void this.#countAll().then((isComplete) => {
        this.#isCounting = false;
        if (isComplete) this.extend(); // for events that came meanwhile
      });
    }, DELAY_MS);
  }

  #nextRun(): { runId: string; eventCount: number; firstMs: number } | undefined {
    return this.#context
      .playlist()
      .runs.find(({ runId, eventCount }) => (this.#runs.get(runId)?.countedSeq ?? 0) < eventCount);
  }

  /** False if the extension did not answer; the page shows the error. */
  async #countAll(): Promise<boolean> {
    await this.#context.pauses.extend();
    for (let run = this.#nextRun(); run !== undefined; run = this.#nextRun()) {
      const runs = this.#runs;
      const { runId, eventCount, firstMs } = run;
      this.#fitStretches();
      const stretchMs = this.#stretchMs;
      const fromSeq = (runs.get(runId)?.countedSeq ?? 0) + 1;
      const toSeq = Math.min(eventCount, fromSeq + MAX_EVENTS_PER_QUERY - 1);
      const counted = await this.#context.count({ runId, fromSeq, toSeq, startMs: firstMs, stretchMs });
      if (counted === undefined) return false;
      if (runs !== this.#runs) continue; // the answer is about the playlist before
      const density = runs.get(runId) ?? { countedSeq: 0, stretches: new Map<number, StretchCounts>() };
      runs.set(runId, density);
      density.countedSeq = toSeq;
      for (const { stretch, kind, count } of counted) add(density.stretches, stretch, { [groupOf(kind)]: count });
      this.version++;
      this.#context.changed();
    }
    return true;
  }

  /** Doubles the length of the stretches until they are few enough for the playlist. */
  #fitStretches(): void {
    while (this.scale.activeMs > this.#stretchMs * MAX_STRETCHES) {
      this.#stretchMs *= 2;
      for (const density of this.#runs.values()) {
        const merged = new Map<number, StretchCounts>();
        for (const [stretch, counts] of density.stretches) add(merged, Math.floor(stretch / 2), counts);
        density.stretches = merged;
      }
    }
  }
}

function add(stretches: Map<number, StretchCounts>, stretch: number, counts: StretchCounts): void {
  const known = stretches.get(stretch) ?? {};
  stretches.set(stretch, known);
  for (const group of GROUP_NAMES) {
    const count = counts[group];
    if (count !== undefined) known[group] = (known[group] ?? 0) + count;
  }
}
