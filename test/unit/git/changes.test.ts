import assert from 'node:assert/strict';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { applyWork, captureWork, listChanges, makeBranch, unapplyWork } from '../../../src/supervisor/git/changes';
import { takeSnapshot } from '../../../src/supervisor/git/snapshots';
import { Sandbox, write } from './sandbox';

type Session = Awaited<ReturnType<Sandbox['session']>>;

describe("a session's change", () => {
  let sandbox: Sandbox;
  let count = 0;
  before(async () => {
    sandbox = await Sandbox.create();
  });
  after(async () => sandbox.remove());

  async function worked(): Promise<Session & { main: string }> {
    const files = { 'edited.txt': '1\n', 'gone.txt': 'g\n', 'old name.txt': 'a long enough line to be known again\n' };
    const session = await sandbox.session(await sandbox.repository(`repository ${++count}`, files));
    await write(session.worktreePath, { 'edited.txt': '2\n' });
    await sandbox.user(session.worktreePath, 'commit', '--quiet', '--all', '--message=agent');
    await rm(join(session.worktreePath, 'gone.txt'));
    await rename(join(session.worktreePath, 'old name.txt'), join(session.worktreePath, 'new name.txt'));
    await write(session.worktreePath, { 'new/ünï.txt': 'n\n' });
    return { ...session, main: session.repository.mainWorktree };
  }
  const status = async (folder: string): Promise<string> => sandbox.user(folder, 'status', '--porcelain', '-uall');

  it('is everything since the base: committed, uncommitted and untracked, also when the worktree is gone', async () => {
    const session = await worked();
    const expected = [
      { kind: 'modified', path: 'edited.txt' },
      { kind: 'deleted', path: 'gone.txt' },
      { kind: 'modified', previousPath: 'old name.txt', path: 'new name.txt' },
      { kind: 'added', path: 'new/ünï.txt' },
    ];
    const before = await status(session.worktreePath);
    assert.deepEqual(await listChanges(session, session.baseCommit, (await captureWork(session)).tree), expected);
    assert.equal(await status(session.worktreePath), before);
    await takeSnapshot({ ...session, message: 'last' });
    await rm(session.worktreePath, { recursive: true });
    const work = await captureWork(session);
    assert.equal(work.isInPlace, false);
    assert.deepEqual(await listChanges(session, session.baseCommit, work.tree), expected);
  });

  it('goes into the checkout beside changes of the user, and out again', async () => {
    const session = await worked();
    await write(session.main, { 'own.txt': 'mine\n', 'later.txt': 'l\n' });
    await sandbox.user(session.main, 'add', 'later.txt');
    await sandbox.user(session.main, 'commit', '--quiet', '--message=the user went on');
    const before = await status(session.main);
    const { commit, conflicts } = await applyWork(session, session.baseCommit, await captureWork(session), 'title');
    assert.deepEqual(conflicts, []);
    assert.equal(await readFile(join(session.main, 'new/ünï.txt'), 'utf8'), 'n\n');
    assert.match(await status(session.main), /^M {2}edited\.txt$/m);
    assert.deepEqual(await unapplyWork(session, commit), []);
    assert.equal(await status(session.main), before);
  });

  it('overwrites nothing of the user, and leaves conflicts to a merge editor', async () => {
    const session = await worked();
    const work = await captureWork(session);
    await write(session.main, { 'edited.txt': 'mine\n' });
    await assert.rejects(applyWork(session, session.baseCommit, work, 'title'), { code: 'CONFLICT' });
    assert.equal(await status(session.main), ' M edited.txt');
    await sandbox.user(session.main, 'commit', '--quiet', '--all', '--message=mine');
    assert.deepEqual((await applyWork(session, session.baseCommit, work, 'title')).conflicts, ['edited.txt']);
    assert.match(await status(session.main), /^UU edited\.txt$/m);
    assert.match(await readFile(join(session.main, 'edited.txt'), 'utf8'), /<<<<<<</);
  });

  it('becomes a branch with its commits and what was not committed', async () => {
    const session = await worked();
    await sandbox.user(session.main, 'config', 'user.name', 'Robin');
    await sandbox.user(session.main, 'config', 'user.email', 'robin@example.com');
    const work = await captureWork(session);
    const commit = await makeBranch(session, session.baseCommit, work, 'feature/x', 'The title');
    assert.equal(await sandbox.user(session.main, 'log', '--format=%s %an', `${session.baseCommit}..feature/x`), 'The title Robin\nagent User');
    assert.equal(await sandbox.user(session.main, 'rev-parse', `${commit}^{tree}`), work.tree);
    await assert.rejects(makeBranch(session, session.baseCommit, work, 'feature/x', 'again'), { code: 'CONFLICT' });
    for (const name of ['--force', 'a..b', '', 'x.lock'])
      await assert.rejects(makeBranch(session, session.baseCommit, work, name, 't'), { code: 'INVALID_ARGUMENT' });
  });
});
