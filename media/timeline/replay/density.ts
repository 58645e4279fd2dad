import { MAX_EVENTS_PER_QUERY } from '../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../src/protocol/timelineProtocol';
import { GROUP_NAMES, groupOf } from '../filter/eventGroups';
import type { EventGroup } from '../filter/eventGroups';
import type { Playlist } from './playlist';

/** Stretches of time that a playlist is divided into, at most, beside one more for each run. */
export const MAX_STRETCHES = 240;
/** No stretch is shorter; longer ones are this times a power of two, so that two of them make one of the next length. */
const SHORTEST_MS = 50;
/** What is shown of the list goes first, and a flood of events is counted in a few questions. */
const DELAY_MS = 300;

/** What a density needs of the page. */
export interface DensityContext {
  playlist(): Playlist;
  count(query: TimelineParameters<'density'>): Promise<TimelineResult<'density'> | undefined>;
  changed(): void;
}

/** Events of a stretch of time by group; a group without any is absent. */
export type StretchCounts = Partial<Record<EventGroup, number>>;

interface RunDensity {
  /** The events up to this one were counted. */
  countedSeq: number;
  stretches: Map<number, StretchCounts>;
}

/** How much happened when on the playlist: a bounded number of counts, whatever the length of the runs. The extension counts, and each event once. */
export class Density {
  readonly #context: DensityContext;
  #stretchMs = SHORTEST_MS;
  #runs = new Map<string, RunDensity>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isCounting = false;
  /** Another number whenever something was counted. */
  version = 0;

  constructor(context: DensityContext) {
    this.#context = context;
  }

  /** Length of each stretch. */
  get stretchMs(): number {
    return this.#stretchMs;
  }

  /** What is known of a run, by the number of its stretch; those without events are absent. */
  stretchesOf(runId: string): ReadonlyMap<number, StretchCounts> {
    return this.#runs.get(runId)?.stretches ?? new Map<number, StretchCounts>();
  }

  /** Counts everything again: another playlist has another length. */
  restart(): void {
    this.#runs = new Map();
    this.version++;
    this.#stretchMs = SHORTEST_MS;
    this.extend();
  }

  /** Counts what the playlist has now and was not counted; soon, not at once. */
  extend(): void {
    if (this.#timer !== undefined || this.#isCounting || this.#nextRun() === undefined) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#isCounting = true;
      void this.#countAll().then((isComplete) => {
        this.#isCounting = false;
        if (isComplete) this.extend(); // for what came meanwhile
      });
    }, DELAY_MS);
  }

  #nextRun(): { runId: string; eventCount: number; firstMs: number } | undefined {
    return this.#context
      .playlist()
      .runs.find(({ runId, eventCount }) => (this.#runs.get(runId)?.countedSeq ?? 0) < eventCount);
  }

  /** False where the extension did not answer: the page says why. */
  async #countAll(): Promise<boolean> {
    for (let run = this.#nextRun(); run !== undefined; run = this.#nextRun()) {
      const runs = this.#runs;
      const { runId, eventCount, firstMs } = run;
      this.#fitStretches();
      const stretchMs = this.#stretchMs;
      const fromSeq = (runs.get(runId)?.countedSeq ?? 0) + 1;
      const toSeq = Math.min(eventCount, fromSeq + MAX_EVENTS_PER_QUERY - 1);
      const counted = await this.#context.count({ runId, fromSeq, toSeq, startMs: firstMs, stretchMs });
      if (counted === undefined) return false;
      if (runs !== this.#runs) continue; // an answer about another playlist
      const density = runs.get(runId) ?? { countedSeq: 0, stretches: new Map<number, StretchCounts>() };
      runs.set(runId, density);
      density.countedSeq = toSeq;
      for (const { stretch, kind, count } of counted) add(density.stretches, stretch, { [groupOf(kind)]: count });
      this.version++;
      this.#context.changed();
    }
    return true;
  }

  /** Doubles the stretches until they are few enough for the length of the playlist. */
  #fitStretches(): void {
    while (this.#context.playlist().durationMs > this.#stretchMs * MAX_STRETCHES) {
      this.#stretchMs *= 2;
      for (const density of this.#runs.values()) {
        const halved = new Map<number, StretchCounts>();
        for (const [stretch, counts] of density.stretches) add(halved, Math.floor(stretch / 2), counts);
        density.stretches = halved;
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
