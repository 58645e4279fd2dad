/** While idle time is skipped, longer pauses are replayed as this long at speed 1. */
export const IDLE_CAP_MS = 2_000;

export const SPEEDS = [1, 5, 20, 100] as const;
export type Speed = (typeof SPEEDS)[number];

export interface Playhead {
  /** The last shown row. */
  row: number;
  /** Milliseconds of the recording that have been played since `row`. */
  carriedMs: number;
}

/**
 * Moves the playhead on by `passedMs` of real time. `timeOf` gives a row's time on the playlist's clock, or undefined
 * while the row is not loaded: the playhead then waits before that row.
 */
export function advance(
  playhead: Playhead,
  passedMs: number,
  { speed, skipIdle }: { speed: Speed; skipIdle: boolean },
  lastRow: number,
  timeOf: (row: number) => number | undefined,
): Playhead {
  let { row } = playhead;
  let carriedMs = playhead.carriedMs + passedMs * speed;
  while (row < lastRow) {
    const fromMs = timeOf(row);
    const toMs = timeOf(row + 1);
    if (fromMs === undefined || toMs === undefined) return { row, carriedMs: 0 };
    const gapMs = Math.min(Math.max(0, toMs - fromMs), skipIdle ? IDLE_CAP_MS : Infinity);
    if (gapMs > carriedMs) return { row, carriedMs };
    carriedMs -= gapMs;
    row++;
  }
  return { row, carriedMs: 0 };
}
