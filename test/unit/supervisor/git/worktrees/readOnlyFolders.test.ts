import assert from 'node:assert/strict';
import { chmod, chown, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { before, describe, it } from 'mocha';
import { trashPathFor } from '../../../../../src/supervisor/git/sessionWorktree';
import {
  findGeneratedFolders,
  removeGeneratedFolders,
} from '../../../../../src/supervisor/git/worktrees/generatedFolders';
import { emptyDiscarded, findDiscarded, purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { asOrdinaryUser } from '../../../../support/otherUser';
import { skip } from '../../../../support/skip';
import { GitFixture, isThere, write } from '../gitFixture';
import { deleteAndUndo } from './roundTrip';

const MODULE = '.cache/go/mod@v1';

describe('folders that a tool made read-only', () => {
  before(function () {
    if (process.platform === 'win32') skip(this, 'folders on Windows have no such mode');
  });

  const asOther = async (act: (fixture: GitFixture) => Promise<void>): Promise<void> =>
    await asOrdinaryUser(async () => {
      const fixture = await GitFixture.create();
      await act(fixture).finally(async () => await fixture.remove());
    });

  async function makeReadOnly(path: string, folder: string): Promise<void> {
    await write(path, { [`${folder}/deep/a.go`]: 'package a\n', [`${folder}/b.go`]: 'package b\n' });
    for (const name of [`${folder}/deep/a.go`, `${folder}/b.go`]) await chmod(join(path, name), 0o444);
    for (const name of [`${folder}/deep`, folder]) await chmod(join(path, name), 0o555);
  }

  it('go with their worktree, also for a person who is not root (D4)', async () =>
    await asOther(async (fixture) => {
      const session = await fixture.freshSession();
      await makeReadOnly(session.path, MODULE);
      const { notCaptured } = await moveToTrash(session);
      assert.deepEqual(notCaptured, []);
      assert.deepEqual(await purgeTrash(session), []);
      assert.deepEqual(await readdir(dirname(trashPathFor(session.path))), [], 'the disk is free');
    }));

  it('come back read-only (D4)', async () =>
    await asOther(async (fixture) => {
      const session = await fixture.freshSession();
      await makeReadOnly(session.path, MODULE);
      assert.deepEqual(await deleteAndUndo(fixture, session), []);
      await chmod(join(session.path, MODULE, 'deep'), 0o755);
      await chmod(join(session.path, MODULE), 0o755);
    }));

  it('stay and are told where git ignores them (D4)', async () =>
    await asOther(async (fixture) => {
      const session = await fixture.freshSession({ '.gitignore': '.cache/\n' });
      await makeReadOnly(session.path, MODULE);
      assert.deepEqual(await deleteAndUndo(fixture, session), ['.cache/: ignored by git']);
      await chmod(join(session.path, MODULE, 'deep'), 0o755);
      await chmod(join(session.path, MODULE), 0o755);
    }));

  it('go where only the folders are dropped that tools fill again (D4)', async () =>
    await asOther(async (fixture) => {
      const session = await fixture.freshSession({ '.gitignore': 'node_modules/\n', 'package.json': '{}' });
      await makeReadOnly(session.path, 'node_modules/a');
      await removeGeneratedFolders(session.path, await findGeneratedFolders(session));
      assert.equal(await isThere(join(session.path, 'node_modules')), false);
    }));

  it('are listed with the reason where they belong to somebody else by then, and go when they can (D4)', async function () {
    if (process.getuid?.() !== 0) skip(this, 'only root can give a folder to somebody else');
    await asOther(async (fixture) => {
      const session = await fixture.freshSession({ f: '1\n', 'deep/g': 'g\n' });
      await moveToTrash(session);
      const folder = join(trashPathFor(session.path), 'deep');
      const asRoot = async (act: () => Promise<void>): Promise<void> => {
        process.seteuid?.(0);
        await act().finally(() => process.seteuid?.(65_534));
      };
      await asRoot(async () => await chown(folder, 0, 0));
      const kept = await purgeTrash(session);
      const [discarded = ''] = await findDiscarded(session.path);
      assert.equal(kept.length, 1);
      assert.ok(kept[0]?.startsWith(`${join(discarded, 'deep/g')}: cannot be removed (EACCES`), kept[0]);
      assert.deepEqual(await readdir(discarded), ['deep']);
      await asRoot(async () => await chown(join(discarded, 'deep'), 65_534, 65_534));
      assert.deepEqual(await emptyDiscarded(session.path), []);
      assert.deepEqual(await findDiscarded(session.path), []);
    });
  });
});
