/** The figures that the benchmark prints and saves. */
import * as v from 'valibot';

export const figureSchema = v.object({
  /** The benchmark's case, such as `1a`. */
  name: v.string(),
  /** What a person would notice. */
  feel: v.string(),
  /** The median, in `unit`; it is compared with the target. */
  value: v.number(),
  min: v.number(),
  max: v.number(),
  unit: v.string(),
  /** The figures behind a ratio, and anything else that explains it. */
  detail: v.string(),
  target: v.exactOptional(v.union([v.object({ atLeast: v.number() }), v.object({ atMost: v.number() })])),
  /** For a case that is measured at several lengths of the history: the values in `pointUnit`. */
  points: v.exactOptional(v.array(v.object({ events: v.number(), value: v.number() }))),
  pointUnit: v.exactOptional(v.string()),
});
export type Figure = v.InferOutput<typeof figureSchema>;

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export function spreadOf(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] ?? NaN, min: sorted[0] ?? NaN, max: sorted.at(-1) ?? NaN };
}

/** A figure's value: the median with its range, or a single number. */
export function valueOf(measured: Spread | number): Pick<Figure, 'value' | 'min' | 'max'> {
  const { median, min, max } = typeof measured === 'number' ? spreadOf([measured]) : measured;
  return { value: median, min, max };
}

export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Returns how many milliseconds `work` took. */
export async function timed(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs ours and the peer's in turn, so that other load hits both. `ratio` is ours divided by the peer's. */
export async function compare(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number> | number,
): Promise<{ ratio: Spread; ours: Spread; peer: Spread }> {
  const pairs: { ours: number; peer: number }[] = [];
  for (let round = 0; round < rounds; round++) pairs.push({ ours: await ours(), peer: await peer() });
  return {
    ratio: spreadOf(pairs.map((pair) => pair.ours / pair.peer)),
    ours: spreadOf(pairs.map((pair) => pair.ours)),
    peer: spreadOf(pairs.map((pair) => pair.peer)),
  };
}

export function short(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en') : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function isMet({ value, target }: Figure): boolean {
  if (target === undefined) return true;
  return 'atLeast' in target ? value >= target.atLeast : value <= target.atMost;
}
