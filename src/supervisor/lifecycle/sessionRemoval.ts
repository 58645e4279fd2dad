import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { CorralErrorCode } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import type { Git } from '../git/git';
import { purgeTrash } from '../git/worktrees/purgeTrash';
import type { SessionWorktree } from '../git/worktrees/trash';
import { bringIgnoredFiles } from '../git/worktrees/includedFiles';
import { locateWorktree, moveToTrash, restoreFromTrash } from '../git/worktrees/trash';
import { findRepository } from '../git/repository';
import { recreateWorktree } from '../git/worktrees/recreateWorktree';
import { summarizeWorktree } from '../git/worktrees/worktreeSummary';
import type { WorktreeSummary } from '../git/worktrees/worktreeSummary';
import { trashPathFor } from '../git/worktreeOwnership';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings } from '../settings';

export interface SessionRemovalOptions {
  git: Git;
  store: SessionStore;
  settings: () => SupervisorSettings;
}

/** What the git layer needs to know of a session's worktree. */
export async function sessionWorktree(
  options: Pick<SessionRemovalOptions, 'git' | 'store'>,
  facts: SessionFacts,
): Promise<SessionWorktree> {
  return {
    repository: await findRepository(options.git, facts.repository),
    storeId: options.store.storeId,
    sessionId: facts.sessionId,
    worktreePath: facts.worktreePath,
  };
}

/**
 * Takes a session's worktree out of the way: into the trash, where all of it stays. What is about to happen is recorded first, so
 * that any window can finish or reverse it; a failure puts everything back. The session must not be running; its worktree lock is held.
 */
export async function deleteWorktree(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  const trashPath = trashPathFor(facts.worktreePath);
  if (facts.worktree === 'present') await refuseForeign(options, facts);
  await options.store.append(facts.sessionId, (now) => {
    // A teardown command that does not end keeps nothing back.
    if (now.runs.some((run) => isOpen(run) && run.isTeardown !== true))
      throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    if (now.worktree === 'deleted') throw new CorralError('CONFLICT', 'This session was deleted already.');
    return now.worktree === 'deleting' ? undefined : { kind: 'deleting', data: { trashPath } };
  });
  try {
    const trashed =
      facts.worktree !== 'failed' && facts.worktree !== 'planned' ? await moveAway(options, facts) : undefined;
    await options.store.append(facts.sessionId, () => ({
      kind: 'deleted',
      data: {
        trashPath,
        notCaptured: trashed?.notCaptured ?? [],
        ...(trashed === undefined ? {} : { commit: trashed.commit }),
      },
    }));
  } catch (error) {
    await rollbackRemoval(options, facts, error);
    throw error;
  }
}

const GONE: readonly CorralErrorCode[] = ['WORKTREE_MISSING', 'NO_FOLDER', 'NO_REPOSITORY'];

/** Before anything is recorded: what is not ours stays where it is. */
async function refuseForeign(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  try {
    await locateWorktree(await sessionWorktree(options, facts));
  } catch (error) {
    if (!(error instanceof CorralError && GONE.includes(error.code))) throw error;
  }
}

async function moveAway(
  options: SessionRemovalOptions,
  facts: SessionFacts,
): Promise<{ commit: string; notCaptured: string[] } | undefined> {
  try {
    return await moveToTrash(await sessionWorktree(options, facts));
  } catch (error) {
    // Gone already, by hand or with its repository: there is nothing left that could be lost.
    if (error instanceof CorralError && GONE.includes(error.code)) return undefined;
    throw error;
  }
}

async function rollbackRemoval(options: SessionRemovalOptions, facts: SessionFacts, cause: unknown): Promise<void> {
  try {
    await restoreFromTrash(await sessionWorktree(options, facts));
  } catch (error) {
    throw new CorralError(
      'WORKTREE_FAILED',
      `${messageOf(cause)}. Its files are safe in ${trashPathFor(facts.worktreePath)}, but could not be put back: ${messageOf(error)}`,
      { cause },
    );
  }
  await options.store.append(facts.sessionId, (now) =>
    now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}

/** What lies in the session's worktree; undefined where there is none in its place. */
export async function summarizeSessionWorktree(
  options: SessionRemovalOptions,
  facts: SessionFacts,
): Promise<WorktreeSummary | undefined> {
  if (facts.worktree !== 'present') return undefined;
  try {
    const request = await sessionWorktree(options, facts);
    return (await locateWorktree(request)).place === 'worktree'
      ? await summarizeWorktree(request.repository, facts.worktreePath, facts.baseCommit)
      : undefined;
  } catch (error) {
    if (error instanceof CorralError && GONE.includes(error.code)) return undefined;
    throw error;
  }
}

/** True while the folder of a deleted session lies in the trash although the session's ref holds all of it. */
export function isTrashFull(facts: SessionFacts): boolean {
  return facts.worktree === 'deleted' && facts.trashPath !== undefined && (facts.notCaptured ?? []).length === 0;
}

/** Frees the disk of a deleted session's worktree; its worktree lock is held. What no snapshot can hold stays, and is recorded. */
export async function purgeSessionTrash(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  if (!isTrashFull(facts)) return;
  const request = await sessionWorktree(options, facts);
  const kept = await purgeTrash(request);
  const isInTrash = (await locateWorktree(request)).place === 'trash';
  const trashPath = trashPathFor(facts.worktreePath);
  await options.store.append(facts.sessionId, (now) => {
    if (!isTrashFull(now)) return undefined;
    return isInTrash
      ? { kind: 'deleted', data: { trashPath, notCaptured: kept } }
      : { kind: 'trash.emptied', data: { kept } };
  });
}

/**
 * Brings a deleted session's worktree back as it was, from the trash or else from its last snapshot; its worktree lock is held.
 * Throws WORKTREE_MISSING where there is neither, CONFLICT where its place is taken.
 */
export async function undoDelete(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  if (facts.worktree !== 'deleted' && facts.worktree !== 'deleting')
    throw new CorralError('CONFLICT', 'This session is not deleted.');
  await putInPlace(options, await sessionWorktree(options, facts));
  await options.store.append(facts.sessionId, (now) =>
    now.worktree === 'deleted' || now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}

/** Makes a worktree again that is not in its place, deleted or vanished; its worktree lock is held. CONFLICT where it is in its place. */
export async function restoreWorktree(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  if (facts.worktree !== 'present') {
    await undoDelete(options, facts);
    return;
  }
  const request = await sessionWorktree(options, facts);
  if ((await locateWorktree(request)).place === 'worktree')
    throw new CorralError('CONFLICT', `The worktree of this session is in its place: ${facts.worktreePath}`);
  await putInPlace(options, request);
  await options.store.append(facts.sessionId, () => ({ kind: 'worktree.restored', data: {} }));
}

/** From the trash, or else from the last snapshot. */
export async function putInPlace({ settings }: SessionRemovalOptions, request: SessionWorktree): Promise<void> {
  if ((await locateWorktree(request)).place !== 'missing') {
    await restoreFromTrash(request);
    return;
  }
  await recreateWorktree(request);
  const { worktreesInclude: include, worktreesLink: link } = settings();
  await bringIgnoredFiles(request.repository, request.worktreePath, { include, link }); // no snapshot holds them
}
