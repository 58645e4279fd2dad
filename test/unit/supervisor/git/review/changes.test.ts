import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { readWork, listChanges } from '../../../../../src/supervisor/git/review/changes';
import { takeSnapshot } from '../../../../../src/supervisor/git/snapshots/snapshots';
import { GitFixture } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe("a session's change", () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function worked(): Promise<Session> {
    return await fixture.workedSession(`repository ${++count}`);
  }
  const status = async (folder: string): Promise<string> => fixture.user(folder, 'status', '--porcelain', '-uall');

  it('is everything since the base: committed, uncommitted and untracked, also when the worktree is gone', async () => {
    const session = await worked();
    const expected = [
      { kind: 'modified', path: 'edited.txt' },
      { kind: 'deleted', path: 'gone.txt' },
      { kind: 'modified', previousPath: 'old name.txt', path: 'new name.txt' },
      { kind: 'added', path: 'new/ünï.txt' },
    ];
    const before = await status(session.path);
    assert.deepEqual(
      await listChanges(session.repository, session.baseCommit, (await readWork(session)).tree),
      expected,
    );
    assert.equal(await status(session.path), before);
    await takeSnapshot(session, 'last');
    await rm(session.path, { recursive: true });
    const work = await readWork(session);
    assert.equal(work.isInPlace, false);
    assert.deepEqual(await listChanges(session.repository, session.baseCommit, work.tree), expected);
  });
});
