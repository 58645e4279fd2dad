import assert from 'node:assert/strict';
import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { locateWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import { GitFixture, isThere, readAll, write } from '../gitFixture';

type Session = Awaited<ReturnType<GitFixture['session']>>;

describe('the trash', () => {
  let fixture: GitFixture;
  let count = 0;
  before(async () => {
    fixture = await GitFixture.create();
  });
  after(async () => fixture.remove());

  async function fresh(files?: Record<string, string>, location: 'inside' | 'beside' = 'inside'): Promise<Session> {
    return fixture.session(await fixture.repository(`repository ${++count}`, files), location);
  }
  async function indexOf(folder: string): Promise<string> {
    return fixture.user(folder, 'ls-files', '--stage');
  }

  for (const location of ['inside', 'beside'] as const) {
    it(`takes a worktree in which git still works, and gives it back: ${location} the repository`, async () => {
      const session = await fresh({ f: '1\n', '.gitignore': 'ignored\n' }, location);
      await write(session.path, { f: '2\n', new: 'n\n', ignored: 'i\n' });
      await fixture.user(session.path, 'add', 'f');
      const before = [await readAll(session.path), await indexOf(session.path)];
      const trashed = await moveToTrash(session);
      assert.deepEqual(trashed.notCaptured, ['ignored: ignored by git']);
      assert.equal(await isThere(session.path), false);
      assert.equal(await fixture.user(trashPathFor(session.path), 'status', '--porcelain'), 'M  f\n?? new');
      assert.match(
        await fixture.user(session.repository.mainWorktree, 'worktree', 'list'),
        new RegExp(`trash/${basename(session.path)}`),
      );
      assert.equal(await fixture.user(session.repository.mainWorktree, 'status', '--porcelain'), '');
      await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
      await restoreFromTrash(session);
      assert.deepEqual([await readAll(session.path), await indexOf(session.path)], before);
      assert.equal(await fixture.user(session.path, 'status', '--porcelain'), 'M  f\n?? new');
    });
  }

  it('can be entered and left again after a crash at any step', async () => {
    const session = await fresh();
    await write(session.path, { work: 'w\n' });
    const before = await readAll(session.path);
    await restoreFromTrash(session); // it is not there yet
    const trashPath = trashPathFor(session.path);
    await mkdir(join(trashPath, '..'));
    await rename(session.path, trashPath); // as a crash right after the rename leaves it
    assert.equal((await locateWorktree(session)).place, 'trash');
    await restoreFromTrash(session);
    assert.deepEqual(await readAll(session.path), before);
    await rename(session.path, trashPath);
    const first = await moveToTrash(session);
    assert.deepEqual(await moveToTrash(session), first);
    await mkdir(session.path);
    await assert.rejects(restoreFromTrash(session), { code: 'CONFLICT' });
    assert.deepEqual(await moveToTrash(session), first, 'a new folder in the old place does not matter');
    await rm(session.path, { recursive: true });
    await restoreFromTrash(session);
    assert.deepEqual(await readAll(session.path), before);
    await rm(session.path, { recursive: true });
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_MISSING' });
    await assert.rejects(restoreFromTrash(session), { code: 'WORKTREE_MISSING' });
  });

  it('takes only worktrees that are owned by the session, and follows no link', async function () {
    const session = await fresh();
    const another = { ...session, storeId: 'another' };
    await assert.rejects(moveToTrash(another), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(restoreFromTrash(another), { code: 'WORKTREE_NOT_OURS' });
    await assert.rejects(moveToTrash({ ...session, path: session.repository.mainWorktree }), {
      code: 'WORKTREE_NOT_OURS',
    });
    const elsewhere = join(fixture.root, 'elsewhere');
    await mkdir(elsewhere);
    await symlink(elsewhere, join(session.repository.mainWorktree, '.corral', 'trash'), 'junction');
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_NOT_OURS' });
    await rm(join(session.repository.mainWorktree, '.corral', 'trash'));
    const worktrees = join(session.repository.mainWorktree, '.corral', 'worktrees');
    await rename(worktrees, join(elsewhere, 'worktrees'));
    await symlink(join(elsewhere, 'worktrees'), worktrees, 'junction');
    await assert.rejects(moveToTrash(session), { code: 'WORKTREE_NOT_OURS' });
    assert.ok(await isThere(join(elsewhere, 'worktrees', basename(session.path), 'src/a.ts')));
  });

  it('frees the branch of the worktree, and checks it out again unless it is in use', async () => {
    const session = await fresh();
    await fixture.user(session.path, 'checkout', '--quiet', '-b', 'feature');
    await moveToTrash(session);
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'feature');
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'main');
    await restoreFromTrash(session);
    assert.equal(await fixture.user(session.path, 'branch', '--show-current'), 'feature');
    await moveToTrash(session);
    await fixture.user(session.repository.mainWorktree, 'checkout', '--quiet', 'feature');
    await restoreFromTrash(session);
    assert.equal(await fixture.user(session.path, 'branch', '--show-current'), '');
  });
});
