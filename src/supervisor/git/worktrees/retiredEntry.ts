/** Git's entry of a worktree that is gone, kept for Undo: its index, reflog, sparse shape and submodules. */
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Repository } from '../repository';
import { administrativeDirectoryOf, type SessionWorktree } from '../sessionWorktree';
import { exists, isOwnedBy } from '../worktreeOwnership';
import { removeFolder } from './emptyFolder';

/** Beside `worktrees`, where git looks for none. */
function retiredPath({ commonDirectory }: Repository, sessionId: string): string {
  return join(commonDirectory, 'corral', sessionId);
}

/** Takes the entry out of git's list of worktrees. Does nothing where there is none of this session. */
export async function retireEntry(worktree: SessionWorktree): Promise<void> {
  const entry = administrativeDirectoryOf(worktree);
  if (!(await isOwnedBy(entry, worktree))) return;
  const retired = retiredPath(worktree.repository, worktree.sessionId);
  await removeFolder(retired);
  await mkdir(dirname(retired), { recursive: true });
  await rename(entry, retired);
}

/** Puts the entry back. False where none was kept, or git knows a worktree of that name. */
export async function reviveEntry(worktree: SessionWorktree): Promise<boolean> {
  const retired = retiredPath(worktree.repository, worktree.sessionId);
  const entry = administrativeDirectoryOf(worktree);
  if (!(await isOwnedBy(retired, worktree)) || (await exists(entry))) return false;
  await mkdir(dirname(entry), { recursive: true });
  await rename(retired, entry);
  return true;
}

/** Removes for good what was kept. */
export async function forgetEntry(repository: Repository, sessionId: string): Promise<void> {
  await removeFolder(retiredPath(repository, sessionId));
}
