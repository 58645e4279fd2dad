import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import { canPurgeTrash, isOpen } from '../../storage/sessionState';
import { trashPathFor, type SessionWorktree } from '../git/sessionWorktree';
import { copyIgnoredFiles } from '../git/worktrees/includedFiles';
import { purgeTrash } from '../git/worktrees/purgeTrash';
import { recreateWorktree } from '../git/worktrees/recreateWorktree';
import { moveToTrash, restoreFromTrash } from '../git/worktrees/trash';
import { summarizeWorktree, type WorktreeSummary } from '../git/worktrees/worktreeSummary';
import { readSnapshotRef } from '../git/snapshots/snapshotRef';
import { locateWorktree } from '../git/worktreeOwnership';
import { requireStopped } from '../sessions/sessionErrors';
import type { StillOwner } from '../system/locks';
import { repositoryMissing, worktreeOf, type LifecycleOptions } from './worktreeOf';

/**
 * Moves the worktree of a stopped session into the trash; its worktree lock is held. The removal is recorded first, so
 * that any window can finish it, and a failure rolls it back.
 */
export async function deleteSessionWorktree(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
  { isRepositoryGone = false }: { isRepositoryGone?: boolean } = {},
): Promise<void> {
  const { sessionId } = facts;
  const trashPath = trashPathFor(facts.worktreePath);
  const worktree = await worktreeToMove(options, facts, isRepositoryGone);
  await stillOwner();
  await options.store.append(sessionId, (now) => {
    // A teardown command that does not end does not prevent it.
    requireStopped(now.runs.find((run) => isOpen(run) && run.isTeardown !== true));
    if (now.worktree === 'deleted') throw new CorralError('CONFLICT', l10n.t('This session is deleted already.'));
    return now.worktree === 'deleting' ? undefined : { kind: 'deleting', data: { trashPath } };
  });
  try {
    // Without a worktree there is nothing to lose.
    const trashed = worktree === undefined ? undefined : await unlessGone(async () => await moveToTrash(worktree));
    await stillOwner();
    await options.store.append(sessionId, () => ({
      kind: 'deleted',
      data: {
        trashPath,
        notCaptured: trashed?.notCaptured ?? [],
        ...(trashed === undefined ? {} : { commit: trashed.commit }),
      },
    }));
  } catch (error) {
    await stillOwner(); // another window finishes the removal
    if (worktree !== undefined) await rollbackRemoval(options, worktree, error);
    throw error;
  }
}

/**
 * The session's worktree; undefined where none was made, or where a person says that it is gone with its repository.
 *
 * @throws REPOSITORY_MISSING where nobody said that, since it may have been moved.
 * @throws WORKTREE_NOT_OURS where something else is in its place.
 */
async function worktreeToMove(
  options: LifecycleOptions,
  facts: SessionFacts,
  isRepositoryGone: boolean,
): Promise<SessionWorktree | undefined> {
  if (facts.worktree === 'failed' || facts.worktree === 'planned') return undefined;
  try {
    const worktree = await worktreeOf(options, facts);
    if (facts.worktree !== 'present' || (await locateWorktree(worktree)).place !== 'missing') return worktree;
    // Each session has a ref, so this repository only took the place of the one that is looked for.
    if ((await readSnapshotRef(worktree.repository, facts.sessionId)) !== undefined) return worktree;
    throw repositoryMissing(facts.repository);
  } catch (error) {
    if (isRepositoryGone && error instanceof CorralError && error.code === 'REPOSITORY_MISSING') return undefined;
    throw error;
  }
}

/** Undefined where the worktree was removed by hand. */
async function unlessGone<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CorralError && error.code === 'WORKTREE_MISSING') return undefined;
    throw error;
  }
}

async function rollbackRemoval(options: LifecycleOptions, worktree: SessionWorktree, cause: unknown): Promise<void> {
  try {
    await restoreFromTrash(worktree);
  } catch (error) {
    throw new CorralError(
      'WORKTREE_FAILED',
      l10n.t('{reason} Its files are safe in {folder}, but could not be moved back: {second}', {
        reason: messageOf(cause),
        folder: trashPathFor(worktree.path),
        second: messageOf(error),
      }),
      { cause },
    );
  }
  await options.store.append(worktree.sessionId, (now) =>
    now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}

/** What the session's worktree holds; undefined where there is none in its place. */
export async function summarizeSessionWorktree(
  options: LifecycleOptions,
  facts: SessionFacts,
): Promise<WorktreeSummary | undefined> {
  if (facts.worktree !== 'present') return undefined;
  return await unlessGone(async () => {
    const worktree = await worktreeOf(options, facts);
    return (await locateWorktree(worktree)).place === 'worktree'
      ? await summarizeWorktree(worktree, facts.baseCommit)
      : undefined;
  });
}

/** Empties the trash of a deleted session; the worktree lock is held. What no snapshot can hold stays and is noted. */
export async function purgeSessionTrash(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
): Promise<void> {
  if (!canPurgeTrash(facts)) return;
  const worktree = await worktreeOf(options, facts);
  await stillOwner();
  const kept = await purgeTrash(worktree);
  await stillOwner();
  const isInTrash = (await locateWorktree(worktree)).place === 'trash';
  const trashPath = trashPathFor(worktree.path);
  await options.store.append(facts.sessionId, (now) => {
    if (!canPurgeTrash(now)) return undefined;
    return isInTrash
      ? { kind: 'deleted', data: { trashPath, notCaptured: kept } }
      : { kind: 'trash.emptied', data: { kept } };
  });
}

/**
 * Restores a deleted session's worktree; its lock is held.
 *
 * @throws WORKTREE_MISSING where it is not in the trash and has no snapshot.
 * @throws CONFLICT where its place is taken, or the session is not deleted.
 */
export async function undoDelete(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
): Promise<void> {
  if (facts.worktree !== 'deleted' && facts.worktree !== 'deleting')
    throw new CorralError('CONFLICT', l10n.t('This session is not deleted.'));
  const worktree = await worktreeOf(options, facts);
  await stillOwner();
  await restoreWorktree(options, worktree);
  await stillOwner();
  await options.store.append(facts.sessionId, (now) =>
    now.worktree === 'deleted' || now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}

/** Restores a worktree that was deleted or is missing; its lock is held. Throws CONFLICT where it is in its place. */
export async function restoreSessionWorktree(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
): Promise<void> {
  if (facts.worktree !== 'present') {
    await undoDelete(options, facts, stillOwner);
    return;
  }
  const worktree = await worktreeOf(options, facts);
  if ((await locateWorktree(worktree)).place === 'worktree')
    throw new CorralError(
      'CONFLICT',
      l10n.t('The worktree of this session is in its place: {path}', { path: worktree.path }),
    );
  await stillOwner();
  await restoreWorktree(options, worktree);
  await options.store.append(facts.sessionId, () => ({ kind: 'worktree.restored', data: {} }));
}

/** Moves the worktree back from the trash, or else makes it again from the session's last snapshot. */
export async function restoreWorktree(
  { worktreeSettings }: Pick<LifecycleOptions, 'worktreeSettings'>,
  worktree: SessionWorktree,
): Promise<void> {
  if ((await locateWorktree(worktree)).place !== 'missing') {
    await restoreFromTrash(worktree);
    return;
  }
  await recreateWorktree(worktree);
  const { worktreesInclude: include, worktreesLink: link } = worktreeSettings(worktree.repository.mainWorktree);
  await copyIgnoredFiles(worktree, { include, link }); // no snapshot holds them
}
