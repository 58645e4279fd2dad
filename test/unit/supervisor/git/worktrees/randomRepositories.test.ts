import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { mapLimited } from '../../../../../src/common/mapLimited';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { CorralError } from '../../../../../src/storage/errors';
import { newId } from '../../../../../src/storage/ids';
import { Git } from '../../../../../src/supervisor/git/git';
import { gitDirectoryOf } from '../../../../../src/supervisor/git/gitDirectory';
import { findRepository, resolveCommit } from '../../../../../src/supervisor/git/repository';
import { readWork } from '../../../../../src/supervisor/git/review/changes';
import { SnapshotMemory } from '../../../../../src/supervisor/git/snapshots/incremental/incrementalSnapshot';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { locateWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { createWorktree, planWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeCreation';
import { summarizeWorktree } from '../../../../../src/supervisor/git/worktrees/worktreeSummary';
import { FUZZ_SEED, fuzzCount } from '../../../../support/fuzzing';
import { Random } from '../../../../support/random';
import { skip } from '../../../../support/skip';
import { STORE_ID } from '../gitFixture';
import { carefulGit, makeRandomRepository, workAtRandom } from './randomRepository';

const COUNT = fuzzCount(15);
const AT_ONCE = 3;
/** Seeds that once found a loss. */
const KNOWN_SEEDS = [10_121, 20_261_279, 20_261_440, 20_261_481, 20_262_265, 20_262_689];

/** Each path below the folder, its bytes as latin1, with all that has to come back. */
function scan(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const byInode = new Map<bigint, string>();
  const walk = (folder: string): void => {
    const at = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(folder, 'latin1')]);
    for (const name of readdirSync(at, { encoding: 'buffer' })
      .map((each) => each.toString('latin1'))
      .sort()) {
      const path = folder + name;
      if (path === '.git') continue;
      const file = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, 'latin1')]);
      const stats = lstatSync(file, { bigint: true });
      const mode = (stats.mode & 0o7777n).toString(8);
      if (stats.isSymbolicLink()) found.set(path, `link ${readlinkSync(file, 'buffer').toString('latin1')}`);
      else if (stats.isDirectory()) {
        found.set(path, `folder ${mode}`);
        walk(`${path}/`);
      } else if (stats.isFile()) {
        const twin = stats.nlink > 1n ? byInode.get(stats.ino) : undefined;
        byInode.set(stats.ino, path);
        const hash = createHash('sha256').update(readFileSync(file)).digest('hex');
        found.set(path, `file ${mode} ${hash}${twin === undefined ? '' : ` as ${twin}`}`);
      } else found.set(path, `special ${mode}`);
    }
  };
  walk('');
  return found;
}

/** What is not as before, in words. */
function differences(before: Map<string, string>, after: Map<string, string>): { path: string; text: string }[] {
  const all = [...new Set([...before.keys(), ...after.keys()])];
  return all
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, text: `${path}: ${before.get(path) ?? 'nothing'} → ${after.get(path) ?? 'nothing'}` }));
}

/** True where one of the sentences names the path, or a folder above it, as people read it. */
function isTold(path: string, sentences: readonly string[]): boolean {
  const text = Buffer.from(path, 'latin1').toString('utf8');
  const parts = text.split('/');
  return parts.some((_, index) => {
    const folder = parts.slice(0, index + 1).join('/');
    return sentences.some((sentence) => sentence.includes(folder));
  });
}

/** What HEAD and the index are. */
async function stateOf(worktree: string): Promise<string> {
  const files = ['-c', 'core.sparseCheckout=false', 'ls-files', '--stage', '-z'];
  return `${await carefulGit(worktree, 'rev-parse', 'HEAD')}${await carefulGit(worktree, ...files)}`;
}

/** Deletes, purges and undoes in one random repository. Answers with what went wrong. */
async function tryOne(git: Git, root: string, seed: number): Promise<{ features: string[]; faults: string[] }> {
  const random = new Random(seed);
  const folder = join(root, String(seed));
  const [canary, ran] = [join(folder, 'canary'), join(folder, 'ran')];
  mkdirSync(join(folder, 'canary.hooks'), { recursive: true });
  const script = `#!/bin/sh\necho "$0 $*" >> '${ran}'\nexit 1\n`;
  const hooks = ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit', 'pre-auto-gc'];
  for (const file of [canary, ...hooks.map((name) => join(folder, 'canary.hooks', name))])
    writeFileSync(file, script, { mode: 0o755 });
  const faults: string[] = [];
  const { path, features } = await makeRandomRepository(random, folder, canary);
  try {
    const repository = await findRepository(git, path);
    const filters = {
      folderOf: (sessionId: string) => join(folder, 'filtered', sessionId),
      mayRun: () => Promise.resolve(false),
    };
    const sessionId = newId();
    mkdirSync(filters.folderOf(sessionId), { recursive: true });
    const planned = { ...planWorktree(repository, { storeId: STORE_ID, sessionId }, 'inside'), filters };
    const worktree = await createWorktree(planned, await resolveCommit(repository, 'HEAD'));
    const gitDirectory = await gitDirectoryOf(worktree.path);
    assert.ok(gitDirectory !== undefined);
    const memory = new SnapshotMemory();
    const snapshot = async (): Promise<void> => {
      const { tree } = await takeSnapshot(worktree, 'turn', { memory });
      if (tree !== (await readWork(worktree)).tree) faults.push('a snapshot is not as the whole capture');
    };
    const hasSnapshots = seed % 2 === 0;
    if (hasSnapshots) await snapshot();
    await workAtRandom(random, worktree.path, gitDirectory, canary, features);
    if (hasSnapshots) await snapshot();
    if (hasSnapshots && memory.last !== undefined) features.push('added to a snapshot');
    const before = scan(worktree.path);
    const stateBefore = await stateOf(worktree.path);
    const { replaceable } = await summarizeWorktree(worktree, undefined);
    const { notCaptured } = await moveToTrash(worktree);
    const kept = notCaptured.length === 0 ? await purgeTrash(worktree) : [];
    const isWhole = (await locateWorktree(worktree)).place === 'trash';
    features.push(isWhole ? 'kept whole' : 'purged');
    if (isWhole) await restoreFromTrash(worktree);
    else await recreateWorktree(worktree);
    const left = readdirSync(join(path, '.corral/trash')).map((name) => join(path, '.corral/trash', name));
    for (const { path: changed, text } of differences(before, scan(worktree.path))) {
      const isReplaceable = replaceable.some((each) => isTold(changed, [each]));
      const isOnDisk = left.some((each) => existsSync(join(each, Buffer.from(changed, 'latin1').toString('utf8'))));
      if (isReplaceable || (isOnDisk && isTold(changed, kept))) continue;
      faults.push(text);
    }
    if ((await stateOf(worktree.path)) !== stateBefore) faults.push('HEAD or the index are not as before');
  } catch (error) {
    faults.push(error instanceof CorralError ? `${error.code}: ${error.message}` : String(error));
  }
  if (existsSync(ran)) faults.push(`a program ran: ${readFileSync(ran, 'utf8').split('\n')[0] ?? ''}`);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  return { features, faults };
}

describe('deleting, purging and restoring worktrees', () => {
  it(`loses nothing in ${String(COUNT)} random repositories, and runs no program (from seed ${String(FUZZ_SEED)})`, async function () {
    this.timeout(120_000 + COUNT * 10_000);
    if (process.platform === 'win32') skip(this, 'names, modes and links are those of Linux and macOS');
    const root = await realpath(await mkdtemp(join(tmpdir(), 'corral-random-')));
    const failures: string[] = [];
    try {
      const git = new Git(runWithNode);
      const seeds = [...KNOWN_SEEDS, ...Array.from({ length: COUNT }, (_, index) => FUZZ_SEED + index)];
      await mapLimited(seeds, AT_ONCE, async (seed) => {
        const { features, faults } = await tryOne(git, root, seed);
        if (process.env['CORRAL_FUZZ_COUNT'] !== undefined || faults.length > 0)
          process.stdout.write(
            `      seed ${String(seed)}: ${faults.length === 0 ? 'ok' : 'FAILED'} (${features.join(', ')})\n`,
          );
        if (faults.length > 0)
          failures.push(`seed ${String(seed)} (${features.join(', ')}):\n  ${faults.join('\n  ')}`);
      });
    } finally {
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
    }
    assert.equal(failures.length, 0, `--count=1 --seed=N repeats one.\n${failures.join('\n')}`);
  });
});
