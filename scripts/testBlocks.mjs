/**
 * `npm run test:blocks [-- --grep=<pattern>] [--report=<file>]`: runs the tests of the supervisor and those in the
 * extension host, and lists turns of over 50 ms; `--report` lists those of a run before. Ends with 1 where one is ours.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { enterProjectNode, root, run } from './installation.mjs';

await enterProjectNode(import.meta.filename);

/** Frames of a stack that are printed. */
const SHOWN_FRAMES = 8;

const maps = new Map();

/** The map of a bundle; undefined where it has none. */
async function sourceMapOf(path) {
  if (!maps.has(path)) {
    const text = await readFile(`${path}.map`, 'utf8').catch(() => undefined);
    maps.set(path, text === undefined ? undefined : new SourceMap(JSON.parse(text)));
  }
  return maps.get(path);
}

/** A frame as a place in the project's sources, where it is in one. */
async function frameOf(text) {
  const [name, url, line, column] = text.split('\t');
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const entry = (await sourceMapOf(path))?.findEntry(Number(line), Number(column));
  const source = entry?.originalSource === undefined ? undefined : resolve(dirname(path), entry.originalSource);
  return source === undefined
    ? { name, place: `${path}:${Number(line) + 1}` }
    : { name, place: `${relative(root, source)}:${entry.originalLine + 1}` };
}

/** Whose the code is that runs: that of this project's innermost frame. */
function ownerOfStack(frames) {
  return frames.find(({ place }) => /^(src|test)\//.test(place))?.place.split('/')[0];
}

/** Whose the turn is: that of most of its stacks. */
function ownerOf(stacks) {
  // A test's bundle is loaded whole, with all of src that it uses.
  if (stacks.some((frames) => frames.some(({ place }) => place.startsWith('node:internal/modules/')))) return 'loading';
  const owners = stacks.map(ownerOfStack);
  const count = (owner) => owners.filter((each) => each === owner).length;
  if (stacks.length === 0) return 'unknown';
  return count('src') * 2 > stacks.length ? 'src' : count('test') > 0 ? 'test' : 'other';
}

function print(title, turns, owner) {
  console.log(`\n${title}: ${turns.length}`);
  for (const { ms, stacks } of turns.toSorted((a, b) => b.ms - a.ms)) {
    console.log(`  ${ms} ms`);
    const stack = stacks.findLast((frames) => ownerOfStack(frames) === owner) ?? stacks.at(-1) ?? [];
    for (const { name, place } of stack.slice(0, SHOWN_FRAMES)) console.log(`      ${name || '(anonymous)'}  ${place}`);
  }
}

/** Prints the turns of a file of `turnWatch`. True where some of them are ours. */
async function report(file) {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  const turns = await Promise.all(
    lines.map(async (line) => {
      const { ms, stacks } = JSON.parse(line);
      return { ms, stacks: await Promise.all(stacks.map(async (frames) => await Promise.all(frames.map(frameOf)))) };
    }),
  );
  const of = (owner) => turns.filter(({ stacks }) => ownerOf(stacks) === owner);
  print('Turns over 50 ms in the code of tests', of('test'), 'test');
  print('Turns over 50 ms in which a file of tests was loaded', of('loading'));
  print('Turns over 50 ms of other programs’ code', of('other'));
  print('Turns over 50 ms that ended before they could be looked at', of('unknown'));
  print('Turns over 50 ms of ours', of('src'), 'src');
  return of('src').length > 0;
}

if (process.platform !== 'linux') {
  console.error('Only Linux tells how much processor time a single thread has used.');
  process.exit(1);
}
const { values } = parseArgs({ options: { grep: { type: 'string', default: '' }, report: { type: 'string' } } });
if (values.report !== undefined) process.exit((await report(values.report)) ? 1 : 0);
const directory = await mkdtemp(join(tmpdir(), 'corral-'));
const turnsFile = join(directory, 'turns.jsonl');
try {
  const env = {
    ...process.env,
    CORRAL_TURN_WATCH: join(root, 'out/support/turns/turnWatch.js'),
    CORRAL_TURNS_FILE: turnsFile,
    CORRAL_TEST_MINUTES: process.env.CORRAL_TEST_MINUTES ?? '60',
  };
  const test = async (tier, more) =>
    await run(process.execPath, [join(root, 'scripts/test.mjs'), tier, `--grep=${values.grep}`], {
      env: { ...env, ...more },
    });
  const codes = [await test('unit', { CORRAL_TEST_FOLDER: 'unit/supervisor' })];
  if (values.grep === '') codes.push(await test('host', {}));
  const isOurs = await report(turnsFile);
  process.exitCode = isOurs || codes.some((code) => code !== 0) ? 1 : 0;
} finally {
  await rm(directory, { recursive: true, force: true });
}
