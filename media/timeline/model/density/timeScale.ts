/** A time in which nothing happened, on the playlist's clock. */
export interface Pause {
  fromMs: number;
  toMs: number;
}

/** A shorter pause is never squeezed. */
export const MIN_PAUSE_MS = 5_000;
/** A squeezed pause takes this share of the width, and all of them together no more than the second one. */
const PAUSE_SHARE = 0.03;
const PAUSES_SHARE = 0.4;

/** A squeezed pause, and where it lies on the scale. */
export interface SqueezedPause extends Pause {
  fromShare: number;
  toShare: number;
}

/** Lays the playlist's time out on a line from 0 to 1, on which a long pause takes no more than a small share. */
export class TimeScale {
  /** In order of time. */
  readonly pauses: readonly SqueezedPause[];
  /** The duration without the squeezed pauses. */
  readonly activeMs: number;
  /** Ends of the parts in which the scale is even: the time there, and its share of the line. */
  readonly #times: number[] = [0];
  readonly #shares: number[] = [0];

  constructor(durationMs: number, pauses: readonly Pause[]) {
    const { longest, widthMs } = squeeze(durationMs, pauses);
    this.activeMs = longest.reduce((rest, { fromMs, toMs }) => rest - (toMs - fromMs), durationMs);
    const width = Math.max(1, this.activeMs + longest.length * widthMs);
    let shareBefore = 0;
    let endMs = 0;
    this.pauses = [...longest]
      .sort((a, b) => a.fromMs - b.fromMs)
      .map((pause) => {
        const fromShare = shareBefore + (pause.fromMs - endMs) / width;
        const toShare = fromShare + widthMs / width;
        this.#times.push(pause.fromMs, pause.toMs);
        this.#shares.push(fromShare, toShare);
        [shareBefore, endMs] = [toShare, pause.toMs];
        return { ...pause, fromShare, toShare };
      });
    this.#times.push(Math.max(durationMs, endMs + 1));
    this.#shares.push(1);
  }

  /** Where a time of the playlist's clock lies. */
  shareAt(elapsedMs: number): number {
    return interpolate(elapsedMs, this.#times, this.#shares);
  }

  /** The inverse of `shareAt`. */
  elapsedAt(share: number): number {
    return interpolate(share, this.#shares, this.#times);
  }

  /** The squeezed pause at a place of the line. */
  pauseAt(share: number): SqueezedPause | undefined {
    return this.pauses.find(({ fromShare, toShare }) => fromShare < share && share < toShare);
  }
}

/** The pauses that take more than their share, and the width that each of them gets instead, in milliseconds. */
function squeeze(durationMs: number, pauses: readonly Pause[]): { longest: Pause[]; widthMs: number } {
  const sorted = pauses
    .filter(({ fromMs, toMs }) => toMs - fromMs >= MIN_PAUSE_MS)
    .sort((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs));
  let restMs = durationMs;
  let squeezed = { longest: [] as Pause[], widthMs: 0 };
  // As many as possible: each pause that is squeezed makes room in which the next ones would take too much.
  for (const [index, { fromMs, toMs }] of sorted.entries()) {
    restMs -= toMs - fromMs;
    const count = index + 1;
    const share = Math.min(PAUSE_SHARE, PAUSES_SHARE / count);
    const widthMs = Math.max(1, (share * restMs) / (1 - share * count));
    if (toMs - fromMs > widthMs) squeezed = { longest: sorted.slice(0, count), widthMs };
  }
  return squeezed;
}

/** The value at `at` of a function that is even between its ascending points. */
function interpolate(at: number, from: readonly number[], to: readonly number[]): number {
  let index = 1;
  while (index < from.length - 1 && (from[index] ?? 0) < at) index++;
  const [left = 0, right = 0] = from.slice(index - 1, index + 1);
  const [low = 0, high = 0] = to.slice(index - 1, index + 1);
  const part = right === left ? 1 : Math.min(1, Math.max(0, (at - left) / (right - left)));
  return low + part * (high - low);
}
