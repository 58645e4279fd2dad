/** Everything that Corral does with git for a session, in an order in which each has something to do. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { countChanges } from '../../../src/supervisor/git/changeCounts';
import { findRepository, readRefs, resolveCommit } from '../../../src/supervisor/git/repository';
import { applyChanges, type ApplyMode } from '../../../src/supervisor/git/review/applyChanges';
import { listChanges, readWork } from '../../../src/supervisor/git/review/changes';
import { findCheckout } from '../../../src/supervisor/git/review/checkout';
import { makeBranch } from '../../../src/supervisor/git/review/makeBranch';
import { readRemotes } from '../../../src/supervisor/git/review/remotes';
import { undoApply } from '../../../src/supervisor/git/review/undoApply';
import type { SessionWorktree } from '../../../src/supervisor/git/sessionWorktree';
import { takeCompleteSnapshot } from '../../../src/supervisor/git/snapshots/completeSnapshot';
import { findChainBase, listSnapshots, requireSnapshotPoint } from '../../../src/supervisor/git/snapshots/snapshotList';
import { readRevision, readSnapshot } from '../../../src/supervisor/git/snapshots/snapshotRef';
import { takeSnapshot } from '../../../src/supervisor/git/snapshots/snapshots';
import { findGeneratedFolders } from '../../../src/supervisor/git/worktrees/generatedFolders';
import { copyIgnoredFiles } from '../../../src/supervisor/git/worktrees/includedFiles';
import { purgeTrash } from '../../../src/supervisor/git/worktrees/purgeTrash';
import { recreateWorktree } from '../../../src/supervisor/git/worktrees/recreateWorktree';
import { restoreSnapshot } from '../../../src/supervisor/git/worktrees/restoreSnapshot';
import { moveToTrash, restoreFromTrash } from '../../../src/supervisor/git/worktrees/trash';
import { copySnapshot, copyUncommittedChanges } from '../../../src/supervisor/git/worktrees/uncommittedChanges';
import { createWorktree, planWorktree, rollbackCreation } from '../../../src/supervisor/git/worktrees/worktreeCreation';
import { summarizeWorktree } from '../../../src/supervisor/git/worktrees/worktreeSummary';
import { newId } from '../../../src/storage/ids';

export interface WorkingSession extends SessionWorktree {
  baseCommit: string;
}

/** Looks at the session in every way. Changes nothing but the session's ref. */
export async function lookAt(session: WorkingSession): Promise<void> {
  const { baseCommit } = session;
  const repository = await findRepository(session.repository.git, session.path);
  const snapshot = await takeSnapshot(session, 'turn');
  await summarizeWorktree(session, baseCommit);
  await takeCompleteSnapshot(session, 'complete');
  await findGeneratedFolders(session);
  const work = await readWork(session);
  await listChanges(repository, baseCommit, work.tree);
  await countChanges(repository, baseCommit, work.tree);
  await listSnapshots(session, baseCommit);
  await requireSnapshotPoint(session, baseCommit, snapshot.commit);
  await findChainBase(repository, snapshot.commit);
  await readRevision(repository, 'HEAD');
  await resolveCommit(repository, snapshot.commit);
  await readRefs(repository.git, repository.mainWorktree);
  await readRemotes(repository);
}

/** Applies the session's work to the user's checkout in both ways, undoes it, and makes a branch. */
export async function applyAndUndo(session: WorkingSession): Promise<void> {
  const { repository, baseCommit } = session;
  const checkout = await findCheckout(repository, repository.mainWorktree);
  const changes = { baseCommit, work: await readWork(session), title: 'The title' };
  for (const mode of ['staged', 'commits'] satisfies ApplyMode[]) {
    const { applied } = await applyChanges(checkout, changes, mode);
    await undoApply(checkout, applied);
  }
  await makeBranch(repository, changes, `branch-of-${session.sessionId}`);
}

/** Makes two other sessions, of the checkout's uncommitted changes and of this one's snapshot, and removes both. */
export async function makeOthers(session: WorkingSession): Promise<void> {
  const { repository, storeId, baseCommit } = session;
  const snapshot = await readSnapshot(repository, (await takeSnapshot(session, 'turn')).commit);
  for (const copy of [copyUncommittedChanges, copySnapshot]) {
    const other = await createWorktree(planWorktree(repository, { storeId, sessionId: newId() }, 'inside'), baseCommit);
    await copy(other, baseCommit, snapshot);
    await copyIgnoredFiles(other, { include: ['*.secret'], link: ['linked'] });
    await rm(join(other.path, 'linked'), { force: true });
    await rollbackCreation(other, baseCommit);
  }
}

/** Goes back to the base and forward again. */
export async function goBack(session: WorkingSession): Promise<void> {
  const { before } = await restoreSnapshot(session, session.baseCommit);
  await restoreSnapshot(session, before);
}

/** Deletes the worktree and undoes that, then deletes it for good and makes it again. Answers with what was kept. */
export async function deleteAndRecreate(session: WorkingSession): Promise<string[]> {
  await moveToTrash(session);
  await restoreFromTrash(session);
  const { notCaptured } = await moveToTrash(session);
  const kept = notCaptured.length > 0 ? notCaptured : await purgeTrash(session);
  await (kept.length > 0 ? restoreFromTrash(session) : recreateWorktree(session));
  return kept;
}
