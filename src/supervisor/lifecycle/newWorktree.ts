import { realpath } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { makeDirectory } from '../../storage/journal/durableFile';
import { messageOf } from '../../common/errors';
import { CorralError } from '../../storage/errors';
import type { Git } from '../git/git';
import type { SnapshotCommit } from '../git/snapshots/snapshotRef';
import { readRevision, readSnapshotRef, snapshotRefName } from '../git/snapshots/snapshotRef';
import { resolveCommit, type Repository } from '../git/repository';
import type { SessionFacts } from '../../storage/sessionFacts';
import { isRecordLost } from '../../storage/sessionState';
import type { WantedFiles } from '../git/worktrees/includedFiles';
import { copyIgnoredFiles } from '../git/worktrees/includedFiles';
import { findChainBase } from '../git/snapshots/snapshotList';
import { copySnapshot, copyUncommittedChanges } from '../git/worktrees/uncommittedChanges';
import type { SessionWorktree } from '../git/sessionWorktree';
import { locateWorktree } from '../git/worktreeOwnership';
import { createWorktree, rollbackCreation, type TakeSpare } from '../git/worktrees/worktreeCreation';
import { sessionNotFound } from '../sessions/sessionErrors';
import type { SessionStore } from '../sessions/sessionStore';
import { forgetHandOver } from './spares/spareHandOver';
import { withWorktreeLock } from './worktreeLock';
import { worktreeOf, type LifecycleOptions } from './worktreeOf';

/**
 * Makes the worktree of a session that had to wait for its base, and answers with its facts after that.
 *
 * @throws SESSION_NOT_FOUND BASE_NOT_FOUND WORKTREE_FAILED
 */
export async function makePlannedWorktree(
  { git, store }: { git: Git; store: SessionStore },
  sessionId: string,
): Promise<SessionFacts> {
  return await withWorktreeLock(store.paths, sessionId, async () => {
    const facts = await store.sync(sessionId);
    if (facts?.planned === undefined) throw sessionNotFound(sessionId);
    if (facts.worktree !== 'planned') return facts; // another window was quicker
    if (isRecordLost(facts)) {
      await recordWorktree({ git, store }, facts);
      return (await store.sync(sessionId)) ?? facts;
    }
    const { baseSession, include, link = [] } = facts.planned;
    const worktree = await worktreeOf({ git, store }, facts);
    // A window may have been killed while it did the same.
    await rollbackCreation(worktree, facts.baseCommit);
    const start = await findStart(worktree.repository, snapshotRefName(baseSession));
    await makeWorktree(store, worktree, { start, wanted: { include, link }, includeChanges: false });
    return (await store.sync(sessionId)) ?? facts;
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

/** What a session starts from. */
export interface Start {
  snapshot: SnapshotCommit;
  baseCommit: string;
}

/**
 * A session that starts from a snapshot has the base of that snapshot's session, so that snapshots get into no history.
 *
 * @throws BASE_NOT_FOUND
 */
export async function findStart(repository: Repository, revision: string): Promise<Start> {
  const snapshot = await readRevision(repository, revision);
  return {
    snapshot,
    baseCommit: snapshot.isSnapshot ? await findChainBase(repository, snapshot.commit) : snapshot.commit,
  };
}

/** @throws INVALID_ARGUMENT where a session that is to have uncommitted changes starts from another commit than HEAD */
export async function requireStartAtHead(repository: Repository, start: Start | undefined): Promise<void> {
  if (start?.snapshot.commit !== (await resolveCommit(repository, 'HEAD')))
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('Uncommitted changes can be copied only into a session that starts from HEAD.'),
    );
}

interface WorktreeContent {
  start: Start;
  wanted: WantedFiles;
  includeChanges: boolean;
}

/**
 * Makes the worktree with the files that are copied into it, and records it. A failure removes what was made, except
 * of a spare that was being taken (see `completeHandOver`).
 *
 * @throws WORKTREE_FAILED, or what git answered
 */
export async function makeWorktree(
  store: SessionStore,
  planned: SessionWorktree,
  content: WorktreeContent,
  takeSpare?: TakeSpare,
): Promise<void> {
  const { baseCommit } = content.start;
  // From now on it is known that filters were regarded when the worktree was made.
  await makeDirectory(store.paths.session(planned.sessionId).filtered);
  const { worktree, notCopied } = await fillWorktree(planned, content, takeSpare).catch((error: unknown) => {
    if (error instanceof CorralError) throw error;
    const reason = messageOf(error);
    throw new CorralError('WORKTREE_FAILED', l10n.t('The worktree could not be made: {reason}', { reason }), {
      cause: error,
    });
  });
  await store.append(worktree.sessionId, () => ({
    kind: 'worktree.created',
    data: { worktreePath: worktree.path, baseCommit, ...(notCopied.length === 0 ? {} : { notCopied }) },
  }));
  await forgetHandOver(store.paths, worktree.sessionId);
}

async function fillWorktree(
  planned: SessionWorktree,
  { start: { snapshot, baseCommit }, wanted, includeChanges }: WorktreeContent,
  takeSpare: TakeSpare | undefined,
): Promise<{ worktree: SessionWorktree; notCopied: string[] }> {
  const worktree = await createWorktree(planned, baseCommit, takeSpare);
  try {
    if (snapshot.isSnapshot) await copySnapshot(worktree, baseCommit, snapshot);
    const notCopied = includeChanges ? await copyUncommittedChanges(worktree, baseCommit) : [];
    await copyIgnoredFiles(worktree, wanted);
    return { worktree, notCopied };
  } catch (error) {
    await rollbackCreation(worktree, baseCommit);
    throw error;
  }
}
