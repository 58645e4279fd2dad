/**
 * `npm run fuzz [-- <target>…] [--count=N] [--seed=N]`: random input for what reads the outside world.
 * `npm test` has a short form of each target.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enterProjectNode, root, runOrThrow } from './installation.mjs';

await enterProjectNode(import.meta.filename);

/** What each target's tests have in their titles, and how often they try where the command does not say it. */
const TARGETS = {
  lines: { grep: 'survives .* damaged lines', count: 100_000 },
  permissions: { grep: 'what is shown is what will run', count: 200_000 },
  configuration: { grep: 'loses nothing in .* random repositories', count: 2_000 },
  snapshots: { grep: 'adds to a snapshot what .* random changes left', count: 1_000 },
  transcripts: { grep: 'imports .* mutated transcripts', count: 10_000 },
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string', default: '20261121' } },
});
const unknown = positionals.filter((name) => !Object.hasOwn(TARGETS, name));
if (unknown.length > 0)
  throw new Error(`There is no target ${unknown.join(', ')}: the targets are ${Object.keys(TARGETS).join(', ')}`);

for (const name of positionals.length > 0 ? positionals : Object.keys(TARGETS)) {
  const { grep, count } = TARGETS[name];
  const env = {
    CORRAL_TEST_MINUTES: '600',
    ...process.env,
    CORRAL_FUZZ_COUNT: values.count ?? String(count),
    CORRAL_FUZZ_SEED: values.seed,
  };
  console.log(`\n── ${name}: ${env.CORRAL_FUZZ_COUNT} times, seed ${values.seed} ──`);
  await runOrThrow(process.execPath, [join(root, 'scripts/test.mjs'), 'unit', `--grep=${grep}`], { env });
}
