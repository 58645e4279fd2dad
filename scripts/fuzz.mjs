/** `npm run fuzz [-- --lines=100000 --seed=N]`: every driver reads damaged lines. `npm test` has a short form. */
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { lines: { type: 'string', default: '100000' }, seed: { type: 'string', default: '20261121' } },
});
process.env.CORRAL_FUZZ_LINES = values.lines;
process.env.CORRAL_FUZZ_SEED = values.seed;
process.argv.splice(2, Infinity, 'unit', '--grep=survives .* damaged lines');
await import('./test.mjs');
