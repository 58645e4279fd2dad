import assert from 'node:assert/strict';
import type { SessionWorktree } from '../../../../../src/supervisor/git/sessionWorktree';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { isThere, readAll } from '../gitFixture';

/** Deletes, purges and recreates the worktree: every file has to come back. */
export async function comesBack(session: SessionWorktree): Promise<void> {
  const files = await readAll(session.path);
  assert.deepEqual((await moveToTrash(session)).notCaptured, []);
  assert.deepEqual(await purgeTrash(session), []);
  assert.equal(await isThere(session.path), false);
  await recreateWorktree(session);
  assert.deepEqual(await readAll(session.path), files);
}
