import assert from 'node:assert/strict';
import { appendFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runWithNode } from '../../../../../src/common/processes/nodeProcess';
import { newId } from '../../../../../src/storage/ids';
import { Git } from '../../../../../src/supervisor/git/git';
import { readSnapshotRef } from '../../../../../src/supervisor/git/snapshots/snapshotRef';
import { findRepository, resolveCommit, type Repository } from '../../../../../src/supervisor/git/repository';
import {
  createWorktree,
  rollbackCreation,
  planWorktree,
} from '../../../../../src/supervisor/git/worktrees/worktreeCreation';
import type { SessionWorktree } from '../../../../../src/supervisor/git/sessionWorktree';
import { inspectWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { CountedProcesses } from '../../../../support/countedProcesses';
import { isThere, readAll, GitFixture, STORE_ID } from '../gitFixture';

describe('worktrees', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create('wörk "trees"');
  });
  after(async () => fixture.remove());

  async function traces(repository: Repository): Promise<unknown> {
    return {
      files: (await readdir(repository.mainWorktree)).sort(),
      entries: (await readdir(join(repository.commonDirectory, 'worktrees')).catch(() => [])).sort(),
      refs: await fixture.user(repository.mainWorktree, 'for-each-ref'),
      list: await fixture.user(repository.mainWorktree, 'worktree', 'list', '--porcelain'),
    };
  }

  it('makes a detached, locked worktree with a ref that the main one does not see', async () => {
    const repository = await fixture.repository('one');
    const session = await fixture.session(repository);
    assert.equal(session.path, join(repository.mainWorktree, '.corral', 'worktrees', `go-${session.sessionId}`));
    assert.deepEqual(await readAll(session.path), await readAllWithoutCorral(repository));
    assert.equal(await fixture.user(repository.mainWorktree, 'status', '--porcelain'), '');
    assert.equal(await fixture.user(session.path, 'status', '--porcelain'), '');
    assert.match(
      await fixture.user(repository.mainWorktree, 'worktree', 'list', '--porcelain'),
      new RegExp(`detached\nlocked corral ${STORE_ID}/${session.sessionId}`),
    );
    assert.deepEqual((await readSnapshotRef(repository, session.sessionId))?.commit, session.baseCommit);
    await fixture.user(repository.mainWorktree, 'worktree', 'prune', '--expire=now');
    assert.equal((await inspectWorktree(session)).state, 'ours');
  });

  it("lies beside the main worktree or in a folder of one's choice", async () => {
    const repository = await fixture.repository('two');
    const beside = await fixture.session(repository, 'beside');
    assert.equal(beside.path, join(fixture.root, 'two.corral', 'worktrees', `go-${beside.sessionId}`));
    const make = async (sessionId: string, location: string): Promise<SessionWorktree> =>
      await createWorktree(planWorktree(repository, { ...beside, sessionId }, location), beside.baseCommit);
    const sessionId = newId();
    const inFolder = await make(sessionId, join(fixture.root, 'else where'));
    assert.equal(inFolder.path, join(fixture.root, 'else where', 'worktrees', sessionId));
    await make(newId(), 'odd [folder]*');
    assert.equal(await fixture.user(repository.mainWorktree, 'status', '--porcelain'), '');
    await assert.rejects(make(newId(), '.'), {
      code: 'INVALID_ARGUMENT',
    });
    await assert.rejects(make(newId(), '.git/x'), {
      code: 'INVALID_ARGUMENT',
    });
  });

  it('goes into the main worktree also from a linked one', async () => {
    const repository = await fixture.repository('three');
    const outer = await fixture.session(repository);
    const inner = await fixture.session(await findRepository(fixture.git, outer.path));
    assert.equal(dirname(inner.path), dirname(outer.path));
  });

  it('adds one line to info/exclude, from two windows at once, and keeps what is there', async () => {
    const repository = await fixture.repository('four');
    const file = join(repository.commonDirectory, 'info', 'exclude');
    await appendFile(file, 'mine without newline');
    const before = await readFile(file, 'utf8');
    await Promise.all([
      fixture.session(repository),
      fixture.session({ ...repository, git: new Git(runWithNode) }),
      fixture.session(repository),
    ]);
    await fixture.session(repository);
    assert.equal(await readFile(file, 'utf8'), `${before}\n/.corral/\n`);
  });

  it('refuses what is there already, and leaves it', async () => {
    const repository = await fixture.repository('five');
    const baseCommit = await resolveCommit(repository, 'HEAD');
    const planned = (sessionId = newId()): SessionWorktree =>
      planWorktree(repository, { storeId: STORE_ID, sessionId }, 'inside');
    const taken = planned();
    const { path } = taken;
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), "somebody's");
    await assert.rejects(createWorktree(taken, baseCommit), { code: 'CONFLICT' });
    assert.equal(await readFile(join(path, 'file'), 'utf8'), "somebody's");
    await assert.rejects(createWorktree(planned(), 'HEAD'), {
      code: 'INVALID_ARGUMENT',
    });
    await assert.rejects(createWorktree(planned('../../../up'), baseCommit), { code: 'WORKTREE_NOT_OURS' });
  });

  it('does not go through a link', async function () {
    const repository = await fixture.repository('six');
    const elsewhere = join(fixture.root, 'six elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(repository.mainWorktree, '.corral'), 'junction');
    await assert.rejects(fixture.session(repository), { code: 'WORKTREE_NOT_OURS' });
    assert.deepEqual(await readdir(elsewhere), []);
  });

  it('leaves nothing behind when it fails', async () => {
    const repository = await fixture.repository('seven');
    const before = await traces(repository);
    const planned = planWorktree(repository, { sessionId: newId(), storeId: STORE_ID }, 'inside');
    await assert.rejects(createWorktree(planned, '1'.repeat(40)));
    assert.deepEqual(await traces(repository), before);
    await fixture.user(repository.mainWorktree, 'update-ref', `refs/corral/${planned.sessionId}`, 'HEAD');
    const withRef = await traces(repository);
    await assert.rejects(createWorktree(planned, await resolveCommit(repository, 'HEAD')), {
      code: 'CONFLICT',
    });
    assert.deepEqual(await traces(repository), withRef, 'a ref that was there before stays');
  });

  it('leaves nothing behind when it is cancelled at any moment', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 400 }, (_, index) => [`folder ${index % 20}/file ${index}`, 'x'.repeat(20_000)]),
    );
    const repository = await fixture.repository('eight', files);
    const baseCommit = await resolveCommit(repository, 'HEAD');
    const before = await traces(repository);
    let cancelledCount = 0;
    for (let starts = 1; starts <= 8; starts++) {
      const processes = new CountedProcesses();
      const git = new Git(processes.run);
      const controller = new AbortController();
      const sessionId = newId();
      const planned = planWorktree({ ...repository, git }, { sessionId, storeId: STORE_ID }, 'inside');
      const creating = createWorktree({ ...planned, signal: controller.signal }, baseCommit);
      const outcome = creating.then(
        () => 'made',
        (error: unknown) => error,
      );
      const reached = (async () => {
        while (processes.started < starts && !controller.signal.aborted)
          await new Promise((resolve) => setImmediate(resolve));
      })();
      await Promise.race([reached, outcome]);
      controller.abort();
      const result = await outcome;
      if (result === 'made') continue;
      cancelledCount++;
      assert.equal((result as { code?: string }).code, 'CANCELLED');
      assert.deepEqual(await traces(repository), before);
    }
    assert.ok(cancelledCount >= 4, String(cancelledCount));
  });

  it('rolls back an interrupted creation, but no work', async () => {
    const repository = await fixture.repository('nine');
    const before = await traces(repository);
    const session = await fixture.session(repository);
    await assert.rejects(rollbackCreation({ ...session, storeId: 'another' }, session.baseCommit), {
      code: 'WORKTREE_NOT_OURS',
    });
    await rollbackCreation(session, session.baseCommit);
    await rollbackCreation(session, session.baseCommit);
    await rm(join(repository.mainWorktree, '.corral'), { recursive: true });
    assert.deepEqual(await traces(repository), before);
    const used = await fixture.session(repository);
    await writeFile(join(used.path, 'work'), '');
    await takeSnapshot(used, 'turn');
    await assert.rejects(rollbackCreation(used, used.baseCommit), {
      code: 'CONFLICT',
    });
    assert.ok(await isThere(join(used.path, 'work')));
    for (const command of [
      ['commit', '--quiet', '--allow-empty', '--message=agent'],
      ['checkout', '--quiet', '-b', 'feature'],
    ]) {
      const begun = await fixture.session(repository);
      await fixture.user(begun.path, ...command);
      await assert.rejects(rollbackCreation(begun, begun.baseCommit), {
        code: 'CONFLICT',
      });
      assert.ok(await isThere(begun.path));
    }
    // Interrupted when HEAD was set to the commit of the session from which it starts.
    await fixture.user(used.path, 'commit', '--quiet', '--allow-empty', '--message=agent');
    await takeSnapshot(used, 'turn');
    const fork = await fixture.session(repository);
    await fixture.user(fork.path, 'reset', '--quiet', await fixture.user(used.path, 'rev-parse', 'HEAD'));
    await rollbackCreation(fork, fork.baseCommit);
    assert.equal(await isThere(fork.path), false);
  });

  it('tells missing, foreign and ours apart', async () => {
    const repository = await fixture.repository('ten');
    const session = await fixture.session(repository);
    const stateFor = async (worktree: SessionWorktree): Promise<string> => (await inspectWorktree(worktree)).state;
    assert.equal(await stateFor(session), 'ours');
    assert.equal(await stateFor({ ...session, storeId: 'another' }), 'foreign');
    assert.equal(await stateFor({ ...session, sessionId: newId() }), 'foreign');
    await rm(join(session.path, '.git'));
    assert.equal(await stateFor(session), 'foreign');
    await rm(session.path, { recursive: true });
    assert.equal(await stateFor(session), 'missing');
  });

  async function readAllWithoutCorral(repository: Repository): Promise<Map<string, string>> {
    return new Map([...(await readAll(repository.mainWorktree))].filter(([path]) => !path.startsWith('.corral/')));
  }
});
