import { posix } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { canPurgeTrash, hasWorktree, isOpen } from '../../../storage/sessionState';
import { trashPathFor } from '../../git/sessionWorktree';
import type { WorktreeSummary } from '../../git/worktrees/worktreeSummary';
import { requireStopped } from '../../sessions/sessionErrors';
import type { StillOwner } from '../../system/locks';
import type { SessionRuns } from '../sessionRuns';
import type { LifecycleOptions } from '../worktreeOf';
import { keeperOf } from './localWorktree';
import type { WorktreeKeeper } from './worktreeKeeper';

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
  const trashPath = trashPathOf(facts);
  const keeper = await keeperToRemove(options, facts, isRepositoryGone);
  await stillOwner();
  await options.store.append(sessionId, (now) => {
    // A teardown command that does not end does not prevent it.
    requireStopped(now.runs.find((run) => isOpen(run) && run.isTeardown !== true));
    if (now.worktree === 'deleted') throw new CorralError('CONFLICT', l10n.t('This session is deleted already.'));
    const isBegun = now.worktree === 'deleting' && now.isForgotten !== true;
    return isBegun ? undefined : { kind: 'deleting', data: { trashPath } };
  });
  try {
    // Without a worktree there is nothing to lose.
    const trashed = await keeper?.remove();
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
    // Nobody knows how far it came there. It is finished when the host is back.
    if (error instanceof CorralError && error.code === 'HOST_UNREACHABLE') throw error;
    await stillOwner(); // another window finishes the removal
    if (keeper !== undefined) await rollbackRemoval(options, facts, keeper, error);
    throw error;
  }
}

/** As `deleteSessionWorktree`. A teardown command that fails does not prevent it, since all of the worktree is kept. */
export async function tearDownAndDelete(
  options: LifecycleOptions & { runs: Pick<SessionRuns, 'tearDown'>; log: Log },
  facts: SessionFacts,
  stillOwner: StillOwner,
  more?: { isRepositoryGone?: boolean },
): Promise<void> {
  const { sessionId } = facts;
  await options.runs.tearDown(sessionId).catch((error: unknown) => {
    options.log.warn(`The teardown command of session ${sessionId}: ${messageOf(error)}`);
  });
  await deleteSessionWorktree(options, facts, stillOwner, more);
}

/** Where the session's worktree lies while it is deleted. */
export function trashPathOf({ worktreePath, host }: SessionFacts): string {
  if (host === undefined) return trashPathFor(worktreePath);
  return host.worktree === undefined ? '' : trashPathFor(host.worktree.path, posix);
}

/**
 * The session's worktree; undefined where none was made, or where a person says that it is gone with its repository.
 *
 * @throws REPOSITORY_MISSING where nobody said that, since it may have been moved.
 * @throws WORKTREE_NOT_OURS where something else is in its place.
 */
async function keeperToRemove(
  options: LifecycleOptions,
  facts: SessionFacts,
  isRepositoryGone: boolean,
): Promise<WorktreeKeeper | undefined> {
  // What a failed creation has left on a host is removed there.
  if (facts.worktree === 'planned' || (facts.worktree === 'failed' && facts.host === undefined)) return undefined;
  let keeper: WorktreeKeeper | undefined;
  try {
    keeper = await keeperOf(options, facts);
    if (hasWorktree(facts)) await keeper.requireRepository();
    return keeper;
  } catch (error) {
    if (isRepositoryGone && error instanceof CorralError && error.code === 'REPOSITORY_MISSING')
      return facts.host === undefined ? undefined : keeper;
    throw error;
  }
}

async function rollbackRemoval(
  options: LifecycleOptions,
  facts: SessionFacts,
  keeper: WorktreeKeeper,
  cause: unknown,
): Promise<void> {
  try {
    await keeper.restore();
  } catch (error) {
    throw new CorralError(
      'WORKTREE_FAILED',
      l10n.t('{reason} Its files are safe in {folder}, but could not be moved back: {second}', {
        reason: messageOf(cause),
        folder: trashPathOf(facts),
        second: messageOf(error),
      }),
      { cause },
    );
  }
  await options.store.append(facts.sessionId, (now) =>
    now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}

/** What the session's worktree holds; undefined where there is none in its place. */
export async function summarizeSessionWorktree(
  options: LifecycleOptions,
  facts: SessionFacts,
): Promise<WorktreeSummary | undefined> {
  return hasWorktree(facts) ? await (await keeperOf(options, facts)).summarize() : undefined;
}

/** Empties the trash of a deleted session; the worktree lock is held. What no snapshot can hold stays and is noted. */
export async function purgeSessionTrash(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
): Promise<void> {
  if (!canPurgeTrash(facts)) return;
  const keeper = await keeperOf(options, facts);
  await stillOwner();
  const { kept, isInTrash } = await keeper.emptyTrash();
  await stillOwner();
  await options.store.append(facts.sessionId, (now) => {
    if (!canPurgeTrash(now)) return undefined;
    return isInTrash
      ? { kind: 'deleted', data: { trashPath: trashPathOf(now), notCaptured: kept } }
      : { kind: 'trash.emptied', data: { kept } };
  });
}

/**
 * Restores a deleted session's worktree; its lock is held. Throws as `restoreWorktree`, and CONFLICT where the session
 * is not deleted.
 */
export async function undoDelete(
  options: LifecycleOptions,
  facts: SessionFacts,
  stillOwner: StillOwner,
): Promise<void> {
  if (facts.worktree !== 'deleted' && facts.worktree !== 'deleting')
    throw new CorralError('CONFLICT', l10n.t('This session is not deleted.'));
  if (facts.isForgotten === true) {
    await options.store.append(facts.sessionId, () => ({ kind: 'undeleted', data: {} }));
    return;
  }
  const keeper = await keeperOf(options, facts);
  await stillOwner();
  await keeper.restore();
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
  if (!hasWorktree(facts)) {
    await undoDelete(options, facts, stillOwner);
    return;
  }
  const keeper = await keeperOf(options, facts);
  if (await keeper.isInPlace())
    throw new CorralError(
      'CONFLICT',
      l10n.t('The worktree of this session is in its place: {path}', {
        path: facts.host?.worktree?.path ?? facts.worktreePath,
      }),
    );
  await stillOwner();
  await keeper.restore();
  await options.store.append(facts.sessionId, () => ({ kind: 'worktree.restored', data: {} }));
}
