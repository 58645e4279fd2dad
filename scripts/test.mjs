/**
 * `npm test [-- <tier>…] [--grep=<pattern>] [--pictures=<folder>]`: builds, runs the tiers and prints one line for all.
 * A tier that did not finish, or ran no test, counts as one failed test.
 */
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enterProjectNode, root, run } from './installation.mjs';
import { installChromium, installExtension, installServer, installTestPrograms, writeHostFile } from './host.mjs';

/** unit: plain Node; host: inside VS Code's extension host; e2e: a browser drives the packaged extension. */
const TIERS = ['unit', 'host', 'e2e'];

await enterProjectNode(import.meta.filename);

/** Installs what a tier needs besides the bundles. */
async function prepareTier(tier) {
  if (tier !== 'host') await installTestPrograms();
  if (tier === 'unit') return;
  await writeHostFile({ serverMain: await installServer(), chromium: await installChromium() });
  if (tier === 'e2e') await installExtension();
}

/** Runs a tier and counts its tests. @throws where it did not finish, or ran no test */
async function runTier(tier, grep) {
  const { endLeftoversOf } = await import('../out/support/processes.js');
  // Holds every temporary folder of the tier, so that what a test leaves behind is found and ended.
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'corral-')));
  const summaryFile = join(directory, 'summary.json');
  try {
    const env = {
      ...process.env,
      TMPDIR: directory,
      TEMP: directory,
      TMP: directory,
      CORRAL_TEST_SUMMARY: summaryFile,
      CORRAL_TEST_GREP: grep,
      CORRAL_PICTURES: values.pictures,
    };
    const code = await run(process.execPath, [join(import.meta.dirname, 'tier.mjs'), tier], { env });
    const summary = JSON.parse(await readFile(summaryFile, 'utf8').catch(() => 'null'));
    const left = await endLeftoversOf(directory);
    if (summary === null) throw new Error(`The tier ${tier} did not run to its end (exit code ${code}).`);
    if (summary.passed + summary.failed === 0) throw new Error(`The tier ${tier} ran no test.`);
    if (code !== 0 && summary.failed === 0)
      throw new Error(`The tier ${tier} passed its tests but ended with exit code ${code}.`);
    if (left.length === 0) return summary;
    console.error(`The tier ${tier} left processes behind, which counts as one failed test:\n${left.join('\n')}`);
    return { ...summary, failed: summary.failed + 1 };
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { grep: { type: 'string', default: '' }, pictures: { type: 'string', default: 'out/pictures' } },
});
const unknown = positionals.filter((tier) => !TIERS.includes(tier));
if (unknown.length > 0) throw new Error(`There is no tier ${unknown.join(', ')}: the tiers are ${TIERS.join(', ')}`);
const tiers = positionals.length > 0 ? positionals : TIERS;

const total = { passed: 0, failed: 0, skipped: 0 };
const tests = [];
const building = ['--tests', '--minify', ...(process.env.CORRAL_TURN_WATCH === undefined ? [] : ['--test-maps'])];
if ((await run(process.execPath, [join(root, 'esbuild.mjs'), ...building])) !== 0) {
  console.error('The build failed: no tier could run.');
  total.failed = tiers.length;
} else {
  for (const tier of tiers) {
    console.log(`\n── ${tier} ──`);
    try {
      await prepareTier(tier);
      const summary = await runTier(tier, values.grep);
      for (const name of Object.keys(total)) total[name] += summary[name];
      tests.push(...summary.tests);
    } catch (error) {
      console.error(error.message);
      total.failed += 1;
    }
  }
}
// Once more, since the end is what is kept of a long output.
for (const { failure } of tests) if (failure !== undefined) console.log(`\n✗ ${failure}`);
// How each test ended, for scripts/testFaults.mjs.
const { CORRAL_TEST_RESULTS: resultsFile } = process.env;
if (resultsFile !== undefined) await writeFile(resultsFile, JSON.stringify(tests));
console.log(`\n${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`);
process.exitCode = total.failed > 0 ? 1 : 0;
