import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { after, before, describe, it } from 'mocha';
import { administrativeDirectoryOf, trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { locateWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import { GitFixture, readAll, write } from '../gitFixture';

describe('recreateWorktree', () => {
  let fixture: GitFixture;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function indexOf(folder: string): Promise<string> {
    return fixture.user(folder, 'ls-files', '--stage');
  }

  it("makes a missing worktree again, with git's entry for it or without", async () => {
    for (const isPruned of [false, true]) {
      const session = await fixture.freshSession({
        f: '1\n',
        'crlf.txt': 'a\nb\n',
        '.gitattributes': '*.txt text=auto\n',
      });
      await write(session.path, { f: 'staged\n', 'crlf.txt': 'a\r\nb\r\n', 'new file': 'n' });
      await fixture.user(session.path, 'add', 'f');
      await write(session.path, { f: 'changed\n' });
      const before = [await readAll(session.path), await indexOf(session.path)];
      await moveToTrash(session);
      const trashPath = trashPathFor(session.path);
      await assert.rejects(recreateWorktree(session), { code: 'CONFLICT' });
      await rm(trashPath, { recursive: true });
      if (isPruned) await rm(administrativeDirectoryOf(session), { recursive: true });
      await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
      await recreateWorktree(session);
      assert.deepEqual([await readAll(session.path), await indexOf(session.path)], before);
      assert.equal((await locateWorktree(session)).place, 'worktree');
      assert.match(
        await fixture.user(session.repository.mainWorktree, 'worktree', 'list', '--porcelain'),
        new RegExp(`locked corral .*${session.sessionId}`),
      );
    }
  });
});
