import { administrativeDirectoryOf } from '../../../../../src/supervisor/git/sessionWorktree';
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { readSnapshotRef } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { Random } from '../../../../support/random';
import { GitFixture, readAll } from '../gitFixture';
import { RandomWorktree } from './randomWorktree';

const SEED = Number(process.env['CORRAL_GIT_SEED'] ?? 1);
/** `npm run test:worktrees` has 500. */
const STATE_COUNT = Number(process.env['CORRAL_GIT_STATES'] ?? 12);

describe('worktrees in random states', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  it(`come back byte for byte, ${STATE_COUNT} times (seed ${SEED})`, async function () {
    this.timeout(STATE_COUNT * 20_000);
    const submodule = (await fixture.repository('a submodule')).mainWorktree;
    for (let state = 0; state < STATE_COUNT; state++) {
      const random = new Random(SEED * 1_000_003 + state);
      const worktree = await RandomWorktree.create(fixture, submodule, `state ${state}`, random);
      await worktree.change();
      const isComplete = await checkUndo(worktree, random);
      if (isComplete) await checkRecreation(worktree, random);
      await rm(worktree.repository.mainWorktree, { recursive: true });
    }
  });

  /** Removes the worktree and undoes that. Resolves with true if the snapshot alone holds all of it. */
  async function checkUndo({ session, repository, name, commits }: RandomWorktree, random: Random): Promise<boolean> {
    const before = await stateOf(session.path);
    const { commit, notCaptured } = await moveToTrash(session);
    const isPurged = random.next() < 0.5;
    const kept = isPurged ? await purgeTrash(session) : notCaptured;
    assert.deepEqual(kept, notCaptured, `what is kept, ${name}`);
    await fixture.user(repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    if (isPurged && kept.length === 0) await recreateWorktree(session);
    else await restoreFromTrash(session);
    assert.deepEqual(await stateOf(session.path), before, `undo, ${name}`);
    for (const id of commits) await fixture.user(repository.mainWorktree, 'cat-file', '-e', id);
    assert.equal((await readSnapshotRef(repository, session.sessionId))?.commit, commit);
    await fixture.user(repository.mainWorktree, 'fsck', '--strict');
    return notCaptured.length === 0;
  }

  /** Deletes the worktree behind Corral's back and makes it again from its snapshot, which has no ignored files. */
  async function checkRecreation({ session, repository, name }: RandomWorktree, random: Random): Promise<void> {
    const before = await stateOf(session.path);
    const tracked = (
      await fixture.user(session.path, 'ls-files', '-z', '--cached', '--others', '--exclude-standard')
    ).split('\0');
    const files = new Map([...before.files].filter(([path]) => tracked.includes(path)));
    await rm(session.path, { recursive: true });
    if (random.next() < 0.5) await rm(administrativeDirectoryOf(session), { recursive: true });
    await fixture.user(repository.mainWorktree, 'gc', '--quiet', '--prune=now');
    await recreateWorktree(session);
    assert.deepEqual(await stateOf(session.path), { ...before, files }, `recreated, ${name}`);
  }

  async function stateOf(path: string): Promise<{ files: Map<string, string>; index: string; head: string }> {
    return {
      files: await readAll(path),
      index: await fixture.user(path, 'ls-files', '--stage'),
      head: await fixture.user(path, 'rev-parse', 'HEAD'),
    };
  }
});
