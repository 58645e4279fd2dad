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
  discardInterruptedWorktree,
  worktreePathFor,
} from '../../../../../src/supervisor/git/worktrees/worktrees';
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

  it('makes a detached, locked, pinned worktree that the main one does not see', async () => {
    const repository = await fixture.repository('one');
    const session = await fixture.session(repository);
    assert.equal(session.worktreePath, join(repository.mainWorktree, '.corral', 'worktrees', session.sessionId));
    assert.deepEqual(await readAll(session.worktreePath), await readAllWithoutCorral(repository));
    assert.equal(await fixture.user(repository.mainWorktree, 'status', '--porcelain'), '');
    assert.equal(await fixture.user(session.worktreePath, 'status', '--porcelain'), '');
    assert.match(
      await fixture.user(repository.mainWorktree, 'worktree', 'list', '--porcelain'),
      new RegExp(`detached\nlocked corral ${STORE_ID}/${session.sessionId}`),
    );
    assert.deepEqual((await readSnapshotRef(repository, session.sessionId))?.commit, session.baseCommit);
    await fixture.user(repository.mainWorktree, 'worktree', 'prune', '--expire=now');
    assert.equal((await inspectWorktree(repository, session.worktreePath, session)).state, 'ours');
  });

  it("lies beside the main worktree or in a folder of one's choice", async () => {
    const repository = await fixture.repository('two');
    const beside = await fixture.session(repository, 'beside');
    assert.equal(beside.worktreePath, join(fixture.root, 'two.corral', 'worktrees', beside.sessionId));
    const sessionId = newId();
    const inFolder = await createWorktree({ ...beside, sessionId, location: join(fixture.root, 'else where') });
    assert.equal(inFolder.worktreePath, join(fixture.root, 'else where', 'worktrees', sessionId));
    const odd = newId();
    await createWorktree({ ...beside, sessionId: odd, location: 'odd [folder]*' });
    assert.equal(await fixture.user(repository.mainWorktree, 'status', '--porcelain'), '');
    await assert.rejects(createWorktree({ ...beside, sessionId: newId(), location: '.' }), {
      code: 'INVALID_ARGUMENT',
    });
    await assert.rejects(createWorktree({ ...beside, sessionId: newId(), location: '.git/x' }), {
      code: 'INVALID_ARGUMENT',
    });
  });

  it('goes into the main worktree also from a linked one', async () => {
    const repository = await fixture.repository('three');
    const outer = await fixture.session(repository);
    const inner = await fixture.session(await findRepository(fixture.git, outer.worktreePath));
    assert.equal(dirname(inner.worktreePath), dirname(outer.worktreePath));
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
    const request = {
      repository,
      storeId: STORE_ID,
      baseCommit: await resolveCommit(repository, 'HEAD'),
      location: 'inside' as const,
    };
    const sessionId = newId();
    const path = worktreePathFor(repository.mainWorktree, sessionId, 'inside');
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'file'), "somebody's");
    await assert.rejects(createWorktree({ ...request, sessionId }), { code: 'CONFLICT' });
    assert.equal(await readFile(join(path, 'file'), 'utf8'), "somebody's");
    await assert.rejects(createWorktree({ ...request, sessionId: newId(), baseCommit: 'HEAD' }), {
      code: 'INVALID_ARGUMENT',
    });
    await assert.rejects(createWorktree({ ...request, sessionId: '../../../up' }), { code: 'WORKTREE_NOT_OURS' });
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
    const request = { repository, sessionId: newId(), storeId: STORE_ID, location: 'inside' as const };
    await assert.rejects(createWorktree({ ...request, baseCommit: '1'.repeat(40) }));
    assert.deepEqual(await traces(repository), before);
    await fixture.user(repository.mainWorktree, 'update-ref', `refs/corral/${request.sessionId}`, 'HEAD');
    const withRef = await traces(repository);
    await assert.rejects(createWorktree({ ...request, baseCommit: await resolveCommit(repository, 'HEAD') }), {
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
      const creating = createWorktree({
        repository: { ...repository, git },
        sessionId,
        storeId: STORE_ID,
        baseCommit,
        location: 'inside',
        signal: controller.signal,
      });
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

  it('takes back a creation that a crash cut off, but no work', async () => {
    const repository = await fixture.repository('nine');
    const before = await traces(repository);
    const session = await fixture.session(repository);
    await assert.rejects(
      discardInterruptedWorktree(
        repository,
        session.worktreePath,
        { ...session, storeId: 'another' },
        session.baseCommit,
      ),
      {
        code: 'WORKTREE_NOT_OURS',
      },
    );
    await discardInterruptedWorktree(repository, session.worktreePath, session, session.baseCommit);
    await discardInterruptedWorktree(repository, session.worktreePath, session, session.baseCommit);
    await rm(join(repository.mainWorktree, '.corral'), { recursive: true });
    assert.deepEqual(await traces(repository), before);
    const used = await fixture.session(repository);
    await writeFile(join(used.worktreePath, 'work'), '');
    await takeSnapshot({ ...used, message: 'turn' });
    await assert.rejects(discardInterruptedWorktree(repository, used.worktreePath, used, used.baseCommit), {
      code: 'CONFLICT',
    });
    assert.ok(await isThere(join(used.worktreePath, 'work')));
    for (const command of [
      ['commit', '--quiet', '--allow-empty', '--message=agent'],
      ['checkout', '--quiet', '-b', 'feature'],
    ]) {
      const begun = await fixture.session(repository);
      await fixture.user(begun.worktreePath, ...command);
      await assert.rejects(discardInterruptedWorktree(repository, begun.worktreePath, begun, begun.baseCommit), {
        code: 'CONFLICT',
      });
      assert.ok(await isThere(begun.worktreePath));
    }
    // Cut off once it was where the session that it goes on from had been.
    await fixture.user(used.worktreePath, 'commit', '--quiet', '--allow-empty', '--message=agent');
    await takeSnapshot({ ...used, message: 'turn' });
    const fork = await fixture.session(repository);
    await fixture.user(
      fork.worktreePath,
      'reset',
      '--quiet',
      await fixture.user(used.worktreePath, 'rev-parse', 'HEAD'),
    );
    await discardInterruptedWorktree(repository, fork.worktreePath, fork, fork.baseCommit);
    assert.equal(await isThere(fork.worktreePath), false);
  });

  it('tells missing, foreign and ours apart', async () => {
    const repository = await fixture.repository('ten');
    const session = await fixture.session(repository);
    const stateFor = async (mark: { storeId: string; sessionId: string }): Promise<string> =>
      (await inspectWorktree(repository, session.worktreePath, mark)).state;
    assert.equal(await stateFor(session), 'ours');
    assert.equal(await stateFor({ ...session, storeId: 'another' }), 'foreign');
    assert.equal(await stateFor({ ...session, sessionId: newId() }), 'foreign');
    await rm(join(session.worktreePath, '.git'));
    assert.equal(await stateFor(session), 'foreign');
    await rm(session.worktreePath, { recursive: true });
    assert.equal(await stateFor(session), 'missing');
  });

  async function readAllWithoutCorral(repository: Repository): Promise<Map<string, string>> {
    return new Map([...(await readAll(repository.mainWorktree))].filter(([path]) => !path.startsWith('.corral/')));
  }
});
