/** Makes the worktree of a new session of a spare, and goes on with that after a crash. */
import { rm } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
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
 * A spare in which nobody worked, and from which the worktree can be made with the files of the commit. Changes
 * nothing; undefined where there is none.
 */
export async function findSpare(
  paths: StorePaths,
  { repository, storeId, path, signal }: SessionWorktree,
  commit: string,
): Promise<SpareRecord | undefined> {
  const fitting = (await listSpares(paths)).filter(
    ({ record, state }) => state === 'ready' && isFor(record, repository.commonDirectory, path),
  );
  if (fitting.length === 0) return undefined;
  const conditions = readConditions(repository);
  conditions.catch(() => undefined); // awaited below, where no look at a spare is under way
  for (const { record } of fitting) {
    const spare = { repository, storeId, sessionId: record.spareId, path: record.path, signal };
    // It fails where another session takes it at this moment.
    if (!(await isUntouched(spare, record.commit).catch(() => false))) continue;
    if (record.conditions !== (await conditions)) continue;
    if (record.commit !== commit && (await differInAttributes(repository, [record.commit, commit]))) continue;
    return record;
  }
  return undefined;
}

/**
 * Puts the spare in the worktree's place, with the files of the commit. False where somebody else was quicker.
 *
 * @throws where it was taken and could not be finished; `completeHandOver` goes on
 */
export async function takeSpare(
  paths: StorePaths,
  found: SpareRecord,
  worktree: SessionWorktree,
  commit: string,
): Promise<boolean> {
  const { repository, sessionId, storeId } = worktree;
  const { spareId, path } = found;
  if (!(await claimSpare(paths, spareId, sessionId))) return false;
  try {
    // It may have been moved to another commit since it was found.
    if (!isDeepStrictEqual(await readSpare(paths.session(sessionId).spare), found)) {
      await returnSpare(paths, spareId, sessionId);
      return false;
    }
    await handOver({ repository, storeId, sessionId: spareId, path }, worktree);
  } catch (error) {
    // On Windows a folder cannot be renamed while a program has a file of it open.
    if (!(await exists(path))) throw error;
    await returnSpare(paths, spareId, sessionId);
    return false;
  }
  if (found.commit !== commit) await moveSpare(worktree, commit);
  return true;
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
