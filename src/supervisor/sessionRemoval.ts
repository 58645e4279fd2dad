import { CorralError, messageOf } from '../storage/errors';
import type { SessionFacts } from '../storage/sessionFacts';
import { isOpen } from '../storage/sessionFacts';
import type { Git } from './git/git';
import type { RemovalRequest } from './git/removal';
import { moveToTrash, restoreFromTrash } from './git/removal';
import { findRepository } from './git/repository';
import { trashPathFor } from './git/worktreeMark';
import type { SessionStore } from './sessionStore';

export interface SessionRemovalOptions {
  git: Git;
  store: SessionStore;
}

async function removalRequest(options: SessionRemovalOptions, facts: SessionFacts): Promise<RemovalRequest> {
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
  await options.store.append(facts.sessionId, (now) => {
    if (now.runs.some(isOpen)) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    if (now.worktree === 'deleted') throw new CorralError('CONFLICT', 'This session was deleted already.');
    return now.worktree === 'deleting' ? undefined : { kind: 'deleting', data: { trashPath } };
  });
  try {
    const removal = facts.worktree === 'failed' ? undefined : await moveAway(options, facts);
    await options.store.append(facts.sessionId, () => ({
      kind: 'deleted',
      data: { trashPath, notCaptured: removal?.notCaptured ?? [], ...(removal === undefined ? {} : { commit: removal.commit }) },
    }));
  } catch (error) {
    await putBack(options, facts, error);
    throw error;
  }
}

async function moveAway(options: SessionRemovalOptions, facts: SessionFacts): Promise<{ commit: string; notCaptured: string[] } | undefined> {
  try {
    return await moveToTrash(await removalRequest(options, facts));
  } catch (error) {
    // Gone already, by hand or with its repository: there is nothing left that could be lost.
    if (error instanceof CorralError && ['WORKTREE_MISSING', 'NO_FOLDER', 'NO_REPOSITORY'].includes(error.code)) return undefined;
    throw error;
  }
}

async function putBack(options: SessionRemovalOptions, facts: SessionFacts, cause: unknown): Promise<void> {
  try {
    await restoreFromTrash(await removalRequest(options, facts));
  } catch (error) {
    throw new CorralError(
      'WORKTREE_FAILED',
      `${messageOf(cause)}. Its files are safe in ${trashPathFor(facts.worktreePath)}, but could not be put back: ${messageOf(error)}`,
      { cause },
    );
  }
  await options.store.append(facts.sessionId, (now) => (now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined));
}

/** Brings a deleted session's worktree back as it was; its worktree lock is held. Throws WORKTREE_MISSING where the trash does not hold it any more, CONFLICT where its place is taken. */
export async function undoDelete(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  if (facts.worktree !== 'deleted' && facts.worktree !== 'deleting') throw new CorralError('CONFLICT', 'This session is not deleted.');
  await restoreFromTrash(await removalRequest(options, facts));
  await options.store.append(facts.sessionId, (now) =>
    now.worktree === 'deleted' || now.worktree === 'deleting' ? { kind: 'undeleted', data: {} } : undefined,
  );
}
