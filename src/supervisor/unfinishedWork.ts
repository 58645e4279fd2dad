import { newId } from '../storage/ids';
import type { SessionFacts } from '../storage/sessionFacts';
import { findRepository } from './git/repository';
import { discardUnfinishedWorktree } from './git/worktrees';
import type { SessionRemovalOptions } from './sessionRemoval';
import { deleteWorktree, emptySessionTrash, isTrashFull } from './sessionRemoval';
import { withWorktreeLock } from './worktreeLock';

/** True where a crash may have cut off the making or the removal of the session; another window may also be at it right now. */
export function isUnfinished(facts: SessionFacts): boolean {
  if (facts.worktree === 'present') return facts.runs.length === 0;
  return facts.worktree === 'creating' || facts.worktree === 'deleting' || isTrashFull(facts);
}

/**
 * Finishes what a crash cut off: a removal goes forward, a trash whose content is safe is emptied, a half-made worktree is taken back, a run that
 * never began can be started anew.
 */
export async function finishWork(options: SessionRemovalOptions, sessionId: string): Promise<void> {
  await withWorktreeLock(options.store.paths, sessionId, async () => {
    const facts = await options.store.sync(sessionId);
    if (facts === undefined || facts.createdAt === '' || !isUnfinished(facts)) return;
    if (facts.worktree === 'deleting') await deleteWorktree(options, facts);
    else if (isTrashFull(facts)) await emptySessionTrash(options, facts);
    else if (facts.worktree === 'creating') await takeBack(options, facts);
    else await closeUnstarted(options, facts);
  });
}

async function takeBack(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  const repository = await findRepository(options.git, facts.repository);
  await discardUnfinishedWorktree(repository, facts.worktreePath, { storeId: options.store.storeId, sessionId: facts.sessionId });
  await options.store.append(facts.sessionId, () => ({
    kind: 'worktree.failed',
    data: { reason: 'The window that was making this worktree ended before it was ready.' },
  }));
}

async function closeUnstarted(options: SessionRemovalOptions, facts: SessionFacts): Promise<void> {
  const runId = newId();
  await options.store.append(facts.sessionId, () => ({ kind: 'run.queued', data: { runId, ordinal: 1, prompt: facts.prompt } }));
  const evidence = 'The window that made this session ended before its agent started.';
  await options.store.append(facts.sessionId, () => ({
    kind: 'run.closed',
    data: { runId, outcome: 'lost', restored: true, evidence, recoveryHint: 'restart', afterSeq: 0 },
  }));
}
