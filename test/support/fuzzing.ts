/** What scripts/fuzz.mjs sets for the tests of its targets; in `npm test` each has its short form. */
export const FUZZ_SEED = Number(process.env['CORRAL_FUZZ_SEED'] ?? 20_261_121);

/** How often a target's test tries; `short` is for `npm test`. */
export function fuzzCount(short: number): number {
  return Number(process.env['CORRAL_FUZZ_COUNT'] ?? short);
}
