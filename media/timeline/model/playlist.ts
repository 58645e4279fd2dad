import type { EventPlace, TimelineRun } from '../../../src/protocol/timelineProtocol';

/**
 * The shown runs, played back to back: row i is one event of one run. Its clock leaves out the time between two runs,
 * so that hours without a run take no space on the scrubber.
 */
export class Playlist {
  readonly runs: readonly TimelineRun[];
  /** Rows before each run. */
  readonly #rowsBefore: number[] = [];
  /** Recorded milliseconds before each run. */
  readonly #msBefore: number[] = [];
  readonly rowCount: number;
  readonly durationMs: number;

  constructor(runs: readonly TimelineRun[]) {
    this.runs = runs;
    let rows = 0;
    let milliseconds = 0;
    for (const run of runs) {
      this.#rowsBefore.push(rows);
      this.#msBefore.push(milliseconds);
      rows += run.eventCount;
      milliseconds += Math.max(0, run.lastMs - run.firstMs);
    }
    this.rowCount = rows;
    this.durationMs = milliseconds;
  }

  /** True if every row of `before` is the same event here. */
  extends(before: Playlist): boolean {
    return before.runs.every((run, index) => {
      const now = this.runs[index];
      const isLast = index === before.runs.length - 1;
      return (
        now?.runId === run.runId && (isLast ? now.eventCount >= run.eventCount : now.eventCount === run.eventCount)
      );
    });
  }

  /** The event at a row; rows are counted from 0. */
  placeOf(row: number): EventPlace | undefined {
    if (row < 0 || row >= this.rowCount) return undefined;
    let index = this.runs.length - 1;
    while (index > 0 && (this.#rowsBefore[index] ?? 0) > row) index--;
    const run = this.runs[index];
    return run === undefined ? undefined : { runId: run.runId, seq: row - (this.#rowsBefore[index] ?? 0) + 1 };
  }

  /** The row of an event, or undefined if this playlist does not have it. */
  rowOf({ runId, seq }: EventPlace): number | undefined {
    const index = this.runs.findIndex((run) => run.runId === runId);
    const run = this.runs[index];
    return run === undefined || seq < 1 || seq > run.eventCount ? undefined : (this.#rowsBefore[index] ?? 0) + seq - 1;
  }

  /** The time of a run on the playlist's clock. */
  elapsedMs(runId: string, timeMs: number): number {
    const index = this.runs.findIndex((run) => run.runId === runId);
    const run = this.runs[index];
    if (run === undefined) return 0;
    return (this.#msBefore[index] ?? 0) + Math.min(Math.max(timeMs, run.firstMs), run.lastMs) - run.firstMs;
  }

  /** The inverse of `elapsedMs`; undefined while there is no event. */
  momentAt(elapsedMs: number): { runId: string; timeMs: number } | undefined {
    let index = this.runs.length - 1;
    while (index > 0 && ((this.#msBefore[index] ?? 0) > elapsedMs || this.runs[index]?.eventCount === 0)) index--;
    const run = this.runs[index];
    if (run === undefined || run.eventCount === 0) return undefined;
    return { runId: run.runId, timeMs: Math.min(run.lastMs, run.firstMs + elapsedMs - (this.#msBefore[index] ?? 0)) };
  }
}
