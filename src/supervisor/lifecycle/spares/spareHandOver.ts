/** Makes the worktree of a new session of a spare, and goes on with that after a crash. */
import { rm } from 'node:fs/promises';
import type { StorePaths } from '../../../storage/paths';
import type { SessionWorktree } from '../../git/sessionWorktree';
import { readConditions } from '../../git/worktrees/spares/checkoutConditions';
import {
  differInAttributes,
  handOver,
  isUntouched,
  moveSpare,
  sparePathFor,
} from '../../git/worktrees/spares/spareWorktree';
import { exists } from '../../git/worktreeOwnership';
import { claimSpare, listSpares, readSpare, returnSpare, type SpareRecord } from './spareRecords';

/**
 * Puts a spare in the worktree's place, with the files of the commit. False where there is none that fits.
 *
 * @throws where it was taken and could not be finished; `completeHandOver` goes on
 */
export async function takeSpare(paths: StorePaths, worktree: SessionWorktree, commit: string): Promise<boolean> {
  const { repository, sessionId, storeId } = worktree;
  const fitting = (await listSpares(paths)).filter(
    ({ record, state }) => state === 'ready' && isFor(record, repository.commonDirectory, worktree.path),
  );
  if (fitting.length === 0) return false;
  const conditions = await readConditions(repository);
  for (const { record } of fitting) {
    const spare = { repository, storeId, sessionId: record.spareId, path: record.path, signal: worktree.signal };
    if (record.conditions !== conditions) continue;
    // It fails where another session takes it at this moment.
    if (!(await isUntouched(spare, record.commit).catch(() => false))) continue;
    const isElsewhere = record.commit !== commit;
    if (isElsewhere && (await differInAttributes(repository, [record.commit, commit]))) continue;
    if (!(await claimSpare(paths, record.spareId, sessionId))) continue;
    try {
      await handOver(spare, worktree);
    } catch (error) {
      // On Windows a folder cannot be renamed while a program has a file of it open.
      if (!(await exists(spare.path))) throw error;
      await returnSpare(paths, record.spareId, sessionId);
      return false;
    }
    if (isElsewhere) await moveSpare(worktree, commit);
    return true;
  }
  return false;
}

/** True for a spare from which a worktree at this path can be made. */
export function isFor(record: SpareRecord, commonDirectory: string, worktreePath: string): boolean {
  return record.commonDirectory === commonDirectory && record.path === sparePathFor(worktreePath, record.spareId);
}

/**
 * To be called before what an interrupted creation left is undone: where it had taken a spare, that becomes the
 * session's worktree wholly.
 */
export async function completeHandOver(paths: StorePaths, worktree: SessionWorktree): Promise<void> {
  const file = paths.session(worktree.sessionId).spare;
  const record = await readSpare(file);
  if (record === undefined) return;
  const { repository, storeId } = worktree;
  await handOver({ repository, storeId, sessionId: record.spareId, path: record.path }, worktree);
  await rm(file, { force: true });
}

/** To be called when the worktree is recorded. */
export async function forgetHandOver(paths: StorePaths, sessionId: string): Promise<void> {
  await rm(paths.session(sessionId).spare, { force: true });
}
