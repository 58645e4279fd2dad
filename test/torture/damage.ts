/** Damage to any file: the store still opens, keeps every undamaged record and counts the damaged ones. */
import assert from 'node:assert/strict';
import { cp, mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isId } from '../../src/storage/ids';
import { decodeRecord } from '../../src/storage/journal/journalRecord';
import { StorePaths } from '../../src/storage/paths';
import { Supervisor } from '../../src/supervisor/supervisor';
import { projectRoot } from '../support/project';
import { loadArguments } from './load';
import type { Random } from '../support/random';
import type { Scenario } from './scenario';
import { TortureFixture } from './tortureFixture';

const SESSIONS = 2;
const LINES = 500;
const PAGE = 1_000;
const NEWLINE = 0x0a;

interface Expected {
  /** The `seq` of every record that is unchanged. */
  intact: number[];
  /** True if a complete line is no longer a record. */
  isDamaged: boolean;
}

function linesOf(content: Buffer): string[] {
  const lines = content.toString('latin1').split('\n');
  lines.pop(); // a line without a newline is not complete yet
  return lines.filter((line) => line !== '');
}

function expected(original: Buffer, damaged: Buffer): Expected {
  const seqs = new Map<string, number>();
  for (const line of linesOf(original)) {
    const record = decodeRecord(Buffer.from(line, 'latin1'));
    if (!('damaged' in record)) seqs.set(line, record.seq);
  }
  const found = linesOf(damaged).map((line) => seqs.get(line));
  return { intact: found.filter((seq) => seq !== undefined), isDamaged: found.includes(undefined) };
}

/** Cuts the content, often near the end of a line, or changes some of its bytes. */
function damage(content: Buffer, random: Random): Buffer {
  if (content.length === 0) return Buffer.from('\0');
  const newlines = [...content.keys()].filter((at) => content[at] === NEWLINE);
  const line = newlines.length === 0 ? 0 : random.pick(newlines);
  const cuts = [0, 1, line, line + 1, line + 2, content.length - 1, random.below(content.length)];
  const choice = random.below(3);
  if (choice === 0) return content.subarray(0, Math.min(random.pick(cuts), content.length));
  const changed = Buffer.from(content);
  if (choice === 1) {
    for (let count = 1 + random.below(8); count > 0; count--) {
      const at = random.below(changed.length);
      changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    }
    return changed;
  }
  const start = random.below(changed.length);
  return changed.fill(
    random.pick([0, 0xff, NEWLINE]),
    start,
    Math.min(changed.length, start + 1 + random.below(5_000)),
  );
}

async function journalPaths(
  paths: StorePaths,
): Promise<{ sessionId: string; runId: string | undefined; path: string }[]> {
  const journals = [];
  for (const sessionId of (await readdir(paths.sessions)).filter(isId)) {
    const session = paths.session(sessionId);
    journals.push({ sessionId, runId: undefined, path: session.journal });
    for (const runId of (await readdir(session.runs)).filter(isId))
      journals.push({ sessionId, runId, path: session.run(runId).events });
  }
  return journals;
}

/**
 * @throws if an undamaged event is missing in the history. Without checkpoints, which may still have what was damaged,
 * also if the history has any other event or the damage is not counted.
 */
async function checkStore(original: StorePaths, damaged: StorePaths, hasCheckpoints: boolean): Promise<void> {
  const supervisor = new Supervisor({
    storageDirectory: damaged.root,
    bundles: join(projectRoot, 'dist'),
    autoRecover: false,
  });
  try {
    await supervisor.whenRecovered();
    for (const { sessionId, runId, path } of await journalPaths(original)) {
      const { intact, isDamaged } = expected(
        await readFile(path),
        await readFile(damaged.root + path.slice(original.root.length)),
      );
      if (isDamaged && !hasCheckpoints)
        assert.ok((await supervisor.getSession(sessionId)).damagedRecords > 0, `the damage to ${path} is not counted`);
      if (runId === undefined || intact.length === 0) continue;
      const { events } = await supervisor.listSessionHistory(sessionId, { runId, limit: PAGE });
      const seqs = events.map(({ seq }) => seq);
      const found = hasCheckpoints ? seqs.filter((seq) => intact.includes(seq)) : seqs;
      assert.deepEqual(found, intact, `undamaged events of ${path} are lost`);
    }
  } finally {
    await supervisor.close();
  }
}

export const damages: Scenario = async ({ random, rounds, say }) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'corral-torture-damage-')));
  const fixture = await TortureFixture.create();
  try {
    const window = fixture.open();
    await window.recovered;
    for (let session = 0; session < SESSIONS; session++)
      await window.call({ method: 'create', repository: fixture.repository.path, argv: loadArguments(LINES) });
    await fixture.untilEnded(window);
    await fixture.check(window); // opens the timelines, so that they get checkpoints
    await window.close();
    await fixture.checkNoProcessLeft();
    // A damaged store.json makes Corral refuse the store, which store.test.ts checks.
    const names = (await readdir(fixture.paths.root, { recursive: true }))
      .filter((name) => name !== 'store.json')
      .sort();
    const files: string[] = [];
    for (const name of names) if ((await stat(join(fixture.paths.root, name))).isFile()) files.push(name);
    for (let round = 0; round < rounds; round++) {
      const copy = new StorePaths(join(folder, 'copy'));
      await cp(fixture.paths.root, copy.root, { recursive: true });
      const name = files[round % files.length] ?? '';
      await writeFile(join(copy.root, name), damage(await readFile(join(fixture.paths.root, name)), random));
      const hasCheckpoints = random.below(2) === 0;
      if (!hasCheckpoints)
        for (const each of files) if (each.endsWith('.sqlite') && each !== name) await rm(join(copy.root, each));
      try {
        await checkStore(fixture.paths, copy, hasCheckpoints);
      } catch (error) {
        throw new Error(`Case ${round}: ${name} was damaged; it is in ${copy.root}`, { cause: error });
      }
      await rm(copy.root, { recursive: true });
      if ((round + 1) % 200 === 0) say(`${round + 1} of ${rounds} cases`);
    }
    return `${rounds} damages to ${files.length} files: every store opened, every undamaged event was there, every damaged record was counted`;
  } finally {
    await fixture.remove();
    await rm(folder, { recursive: true, force: true });
  }
};
