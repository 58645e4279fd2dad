import { newId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import { canPurgeTrash, hasWorktree, isInterrupted, isRecordLost, queuedKind } from '../../storage/sessionState';
import { rollbackCreation } from '../git/worktrees/worktreeCreation';
import { recordWorktree } from './newWorktree';
import { keeperOf } from './removal/localWorktree';
import { deleteSessionWorktree, purgeSessionTrash } from './removal/sessionRemoval';
import { completeHandOver, forgetHandOver } from './spares/spareHandOver';
import { withWorktreeLock } from './worktreeLock';
import { worktreeOf, type LifecycleOptions } from './worktreeOf';

/**
 * Finishes what a crash interrupted: completes a removal, empties a trash whose content is safe, rolls a creation back,
 * closes a run that never started. Records a worktree again whose record is damaged.
 */
export async function finishInterruptedOperation(options: LifecycleOptions, sessionId: string): Promise<void> {
  await withWorktreeLock(options.store.paths, sessionId, async (stillOwner) => {
    const facts = await options.store.sync(sessionId);
    if (facts === undefined || facts.createdAt === '' || !isInterrupted(facts)) return;
    if (facts.worktree === 'deleting') await deleteSessionWorktree(options, facts, stillOwner);
    else if (canPurgeTrash(facts)) await purgeSessionTrash(options, facts, stillOwner);
    else if (isRecordLost(facts)) await recordWorktree(options, facts);
    else if (facts.worktree === 'creating') await failCreation(options, facts);
    else if (facts.worktree === 'onHost' && !hasWorktree(facts)) await failCreationOnHost(options, facts);
    else await closeUnstarted(options, facts);
    await forgetHandOver(options.store.paths, sessionId); // it was to be forgotten once the worktree was recorded
  });
}

async function failCreation(options: LifecycleOptions, facts: SessionFacts): Promise<void> {
  const worktree = await worktreeOf(options, facts);
  await completeHandOver(options.store.paths, worktree);
  await rollbackCreation(worktree, facts.baseCommit);
  await recordFailure(options, facts);
}

async function failCreationOnHost(options: LifecycleOptions, facts: SessionFacts): Promise<void> {
  await (await keeperOf(options, facts)).remove(); // of what was never ready, all goes
  await recordFailure(options, facts);
}

async function recordFailure({ store }: LifecycleOptions, { sessionId }: SessionFacts): Promise<void> {
  await store.append(sessionId, () => ({
    kind: 'worktree.failed',
    data: { reason: 'The window that was making this worktree ended before it was ready.' },
  }));
}

async function closeUnstarted(options: LifecycleOptions, facts: SessionFacts): Promise<void> {
  const runId = newId();
  await options.store.append(facts.sessionId, () => ({
    kind: queuedKind(facts),
    data: { runId, ordinal: 1, prompt: facts.prompt },
  }));
  const evidence = 'The window that made this session ended before its agent started.';
  await options.store.append(facts.sessionId, () => ({
    kind: 'run.closed',
    data: { runId, outcome: 'lost', restored: true, evidence, recoveryHint: 'restart', afterSeq: 0 },
  }));
}
