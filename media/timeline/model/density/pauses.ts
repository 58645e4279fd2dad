import { MAX_EVENTS_PER_QUERY } from '../../../../src/protocol/timelineProtocol';
import type { TimelineParameters, TimelineResult } from '../../../../src/protocol/timelineProtocol';
import type { Playlist } from '../playlist';
import { MIN_PAUSE_MS, TimeScale } from './timeScale';
import type { Pause } from './timeScale';

/** Pauses of each run that are kept: the longest ones. */
const MAX_PAUSES = 60;

/** What the pauses need from the page. */
export interface PausesContext {
  playlist(): Playlist;
  read(query: TimelineParameters<'pauses'>): Promise<TimelineResult<'pauses'> | undefined>;
}

/** When nothing happened in the playlist. Each event is read once. */
export class Pauses {
  readonly #context: PausesContext;
  /** By run: its pauses by the clock on the wall, and the last event that was read. */
  #runs = new Map<string, { readSeq: number; pauses: Pause[] }>();
  #scale: { playlist: Playlist; scale: TimeScale } | undefined;

  constructor(context: PausesContext) {
    this.#context = context;
  }

  /** The scrubber's scale of the playlist, in which long pauses are squeezed. */
  get scale(): TimeScale {
    const playlist = this.#context.playlist();
    if (this.#scale?.playlist === playlist) return this.#scale.scale;
    const pauses = playlist.runs.flatMap(({ runId }) =>
      (this.#runs.get(runId)?.pauses ?? []).map(({ fromMs, toMs }) => ({
        fromMs: playlist.elapsedMs(runId, fromMs),
        toMs: playlist.elapsedMs(runId, toMs),
      })),
    );
    const scale = new TimeScale(playlist.durationMs, pauses);
    this.#scale = { playlist, scale };
    return scale;
  }

  /** Forgets everything, since the playlist is a different one now. */
  restart(): void {
    this.#runs = new Map();
    this.#scale = undefined;
  }

  /** Reads the part of the playlist that has not been read yet. */
  async extend(): Promise<void> {
    for (const { runId, eventCount } of this.#context.playlist().runs) {
      const run = this.#runs.get(runId) ?? { readSeq: 1, pauses: [] };
      this.#runs.set(runId, run);
      while (run.readSeq < eventCount) {
        // The last event of the part before is read again, since a pause may follow it.
        const fromSeq = run.readSeq;
        const toSeq = Math.min(eventCount, fromSeq + MAX_EVENTS_PER_QUERY - 1);
        const found = await this.#context.read({ runId, fromSeq, toSeq, minimumMs: MIN_PAUSE_MS });
        if (found === undefined) return; // the page shows the error
        if (this.#runs.get(runId) !== run) return; // the answer is about the playlist before
        run.readSeq = toSeq;
        if (found.length === 0) continue;
        run.pauses = [...run.pauses, ...found]
          .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
          .slice(0, MAX_PAUSES);
        this.#scale = undefined;
      }
    }
  }
}
