import { realpath } from 'node:fs/promises';
import { newId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import { readSnapshotRef } from '../git/snapshots/snapshotRef';
import { locateWorktree } from '../git/worktreeOwnership';
import { findChainBase } from '../git/snapshots/snapshotList';
import { rollbackCreation } from '../git/worktrees/worktreeCreation';
import { deleteSessionWorktree, canPurgeTrash, purgeSessionTrash } from './sessionRemoval';
import { completeHandOver, forgetHandOver } from './spares/spareHandOver';
import { withWorktreeLock } from './worktreeLock';
import { worktreeOf, type LifecycleOptions } from './worktreeOf';

/** True where the session's creation or removal may have been interrupted, or where another window is at it now. */
export function isInterrupted(facts: SessionFacts): boolean {
  if (facts.worktree === 'present') return facts.runs.length === 0;
  return facts.worktree === 'creating' || facts.worktree === 'deleting' || canPurgeTrash(facts) || isRecordLost(facts);
}

/**
 * True where the record that the worktree was made is damaged. Runs are queued only after it, and those of a session
 * that waited for its base start only after it.
 */
export function isRecordLost({ worktree, runs }: SessionFacts): boolean {
  return (
    (worktree === 'creating' && runs.length > 0) ||
    (worktree === 'planned' && runs.some(({ startedAt }) => startedAt !== undefined))
  );
}

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
    else await closeUnstarted(options, facts);
    await forgetHandOver(options.store.paths, sessionId); // it was to be forgotten once the worktree was recorded
  });
}

/** Records a worktree that is in its place; its lock is held. Does nothing where there is none. */
export async function recordWorktree(
  options: Pick<LifecycleOptions, 'git' | 'store'>,
  facts: SessionFacts,
): Promise<void> {
  const worktree = await worktreeOf(options, facts);
  if ((await locateWorktree(worktree)).place !== 'worktree') return;
  const { repository, sessionId } = worktree;
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  // The base of a session that waited for it stands only in the damaged record.
  const baseCommit =
    facts.baseCommit === '' && lastSnapshot !== undefined
      ? await findChainBase(repository, lastSnapshot.commit)
      : facts.baseCommit;
  const worktreePath = await realpath(worktree.path);
  await options.store.append(sessionId, (now) =>
    isRecordLost(now) ? { kind: 'worktree.created', data: { worktreePath, baseCommit } } : undefined,
  );
}

async function failCreation(options: LifecycleOptions, facts: SessionFacts): Promise<void> {
  const worktree = await worktreeOf(options, facts);
  await completeHandOver(options.store.paths, worktree);
  await rollbackCreation(worktree, facts.baseCommit);
  await options.store.append(facts.sessionId, () => ({
    kind: 'worktree.failed',
    data: { reason: 'The window that was making this worktree ended before it was ready.' },
  }));
}

async function closeUnstarted(options: LifecycleOptions, facts: SessionFacts): Promise<void> {
  const runId = newId();
  await options.store.append(facts.sessionId, () => ({
    kind: 'run.queued',
    data: { runId, ordinal: 1, prompt: facts.prompt },
  }));
  const evidence = 'The window that made this session ended before its agent started.';
  await options.store.append(facts.sessionId, () => ({
    kind: 'run.closed',
    data: { runId, outcome: 'lost', restored: true, evidence, recoveryHint: 'restart', afterSeq: 0 },
  }));
}
