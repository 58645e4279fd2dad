import assert from 'node:assert/strict';
import { locateWorktree } from '../../../../../src/supervisor/git/worktreeOwnership';
import type { SessionWorktree } from '../../../../../src/supervisor/git/sessionWorktree';
import { purgeTrash } from '../../../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../../../src/supervisor/git/worktrees/recreateWorktree';
import { moveToTrash, restoreFromTrash } from '../../../../../src/supervisor/git/worktrees/trash';
import { readFileStates } from '../../../../support/fileStates';
import type { GitFixture } from '../gitFixture';

/**
 * Deletes a worktree, empties the trash, has git collect what nothing holds, and undoes it: everything is as before,
 * but for what lies in the `replaced` folders. Answers with what was told to stay in the trash.
 */
export async function deleteAndUndo(
  fixture: GitFixture,
  session: SessionWorktree,
  { whileGone = () => Promise.resolve(), replaced = [] }: { whileGone?: () => Promise<void>; replaced?: string[] } = {},
): Promise<string[]> {
  const before = await readFileStates(session.path);
  const { notCaptured } = await moveToTrash(session);
  const kept = await purgeTrash(session);
  assert.deepEqual([...kept].sort(), [...notCaptured].sort(), 'what stays is told before');
  await fixture.user(session.repository.mainWorktree, 'gc', '--quiet', '--prune=now');
  await whileGone();
  const isInTrash = (await locateWorktree(session)).place === 'trash';
  assert.equal(isInTrash, kept.length > 0, 'the folder stays only for what is told');
  await (isInTrash ? restoreFromTrash(session) : recreateWorktree(session));
  const gone = (path: string): boolean => replaced.some((each) => path === each || path.startsWith(`${each}/`));
  const expected = isInTrash ? [...before] : [...before].filter(([path]) => !gone(path));
  assert.deepEqual([...(await readFileStates(session.path))], expected);
  return kept;
}
