/**
 * `npm run test:faults [-- <number>…]`: runs the tests whose titles end in the number of a fault (test/faults.json),
 * and prints each fault with its tests and their results. Ends with 1 where a fault has no test, or one failed.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enterProjectNode, root } from './installation.mjs';

await enterProjectNode(import.meta.filename);

const faults = JSON.parse(await readFile(join(root, 'test/faults.json'), 'utf8'));
const chosen = process.argv.slice(2);
const numbers = chosen.length > 0 ? chosen : Object.keys(faults);
const unknown = numbers.filter((number) => !(number in faults));
if (unknown.length > 0) throw new Error(`test/faults.json has no ${unknown.join(', ')}`);

const titleEnd = `\\((?:${numbers.join('|')})\\)`;

/** True where a test of this tier bears one of the numbers: a tier that runs no test counts as a failure. */
async function hasTest(tier) {
  const names = await readdir(join(root, 'test', tier), { recursive: true });
  const sources = names.filter((name) => name.endsWith('.test.ts')).map((name) => join(root, 'test', tier, name));
  const texts = await Promise.all(sources.map(async (path) => await readFile(path, 'utf8')));
  return texts.some((text) => new RegExp(`${titleEnd}['\`]`).test(text));
}

const tiers = [];
for (const tier of ['unit', 'host', 'e2e']) if (await hasTest(tier)) tiers.push(tier);
const directory = await mkdtemp(join(tmpdir(), 'corral-'));
const resultsFile = join(directory, 'results.json');
try {
  process.env.CORRAL_TEST_RESULTS = resultsFile;
  process.argv.splice(2, Infinity, ...tiers, `--grep=${titleEnd}$`);
  await import('./test.mjs');
  const tests = JSON.parse(await readFile(resultsFile, 'utf8'));
  const without = [];
  for (const number of numbers) {
    const found = tests.filter(({ title }) => title.endsWith(`(${number})`));
    if (found.length === 0) without.push(number);
    console.log(`\n${number}  ${faults[number]}`);
    for (const { title, state } of found) console.log(`    ${state.padEnd(7)} ${title}`);
  }
  const count = (state) => tests.filter((test) => test.state === state).length;
  console.log(
    `\n${numbers.length} faults, ${tests.length} tests: ${count('passed')} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
  );
  if (without.length > 0) {
    console.error(`Without a test: ${without.join(', ')}`);
    process.exitCode = 1;
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}
