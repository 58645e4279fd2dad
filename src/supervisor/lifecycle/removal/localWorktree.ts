import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { pathLeftHere } from '../../../storage/sessionState';
import type { SessionWorktree } from '../../git/sessionWorktree';
import { requireSnapshotPoint } from '../../git/snapshots/snapshotList';
import { readSnapshotRef } from '../../git/snapshots/snapshotRef';
import { takeSnapshot } from '../../git/snapshots/snapshots';
import { locateWorktree } from '../../git/worktreeOwnership';
import { copyIgnoredFiles, type WantedFiles } from '../../git/worktrees/includedFiles';
import { purgeTrash } from '../../git/worktrees/purgeTrash';
import { recreateWorktree } from '../../git/worktrees/recreateWorktree';
import { restoreSnapshot } from '../../git/worktrees/restoreSnapshot';
import { moveToTrash, restoreFromTrash, type TrashedWorktree } from '../../git/worktrees/trash';
import { prepareRoot } from '../../git/worktrees/worktreeFolder';
import { summarizeWorktree, type WorktreeSummary } from '../../git/worktrees/worktreeSummary';
import type { WorktreeSettings } from '../../settings';
import { repositoryMissing, worktreeOf, type LifecycleOptions } from '../worktreeOf';
import type { EmptiedTrash, WorktreeKeeper } from './worktreeKeeper';

/** Throws as `worktreeOf`, and as `worktreeOnHost`. */
export async function keeperOf(options: LifecycleOptions, facts: SessionFacts): Promise<WorktreeKeeper> {
  if (facts.host !== undefined) return await options.worktreeOnHost(facts);
  const worktree = await worktreeOf(options, facts);
  const wanted = wantedFiles(options.worktreeSettings(worktree.repository.mainWorktree));
  return new LocalWorktree(worktree, { baseCommit: facts.baseCommit, wanted });
}

/** A worktree on the computer where this code runs. */
export class LocalWorktree implements WorktreeKeeper {
  readonly #worktree: SessionWorktree;
  readonly #baseCommit: string;
  readonly #wanted: WantedFiles;

  constructor(worktree: SessionWorktree, { baseCommit, wanted }: { baseCommit: string; wanted: WantedFiles }) {
    this.#worktree = worktree;
    this.#baseCommit = baseCommit;
    this.#wanted = wanted;
  }

  async requireRepository(): Promise<void> {
    const { repository, sessionId } = this.#worktree;
    if ((await locateWorktree(this.#worktree)).place !== 'missing') return;
    // Each session has a ref, so this repository only took the place of the one that is looked for.
    if ((await readSnapshotRef(repository, sessionId)) === undefined) throw repositoryMissing(repository.mainWorktree);
  }

  async remove(): Promise<TrashedWorktree | undefined> {
    return await unlessGone(async () => await moveToTrash(this.#worktree));
  }

  async restore(): Promise<void> {
    await restoreWorktree(this.#worktree, this.#wanted);
  }

  async emptyTrash(): Promise<EmptiedTrash> {
    const kept = await purgeTrash(this.#worktree);
    return { kept, isInTrash: (await locateWorktree(this.#worktree)).place === 'trash' };
  }

  async isInPlace(): Promise<boolean> {
    return (await locateWorktree(this.#worktree)).place === 'worktree';
  }

  async summarize(): Promise<WorktreeSummary | undefined> {
    return await unlessGone(async () =>
      (await this.isInPlace()) ? await summarizeWorktree(this.#worktree, this.#baseCommit) : undefined,
    );
  }

  async takeSnapshot(): Promise<{ commit: string; changed: boolean }> {
    if (!(await this.isInPlace()))
      throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session is missing. Restore it first.'));
    return await takeSnapshot(this.#worktree, 'On request');
  }

  async putBack(commit: string): Promise<{ before: string }> {
    await requireSnapshotPoint(this.#worktree, this.#baseCommit, commit);
    return await restoreSnapshot(this.#worktree, commit);
  }
}

/** Ignored files that no snapshot holds. */
export function wantedFiles({ worktreesInclude, worktreesLink }: WorktreeSettings): WantedFiles {
  return { include: worktreesInclude, link: worktreesLink };
}

/**
 * Moves the worktree back from the trash, or else makes it again from the session's last snapshot.
 *
 * @throws WORKTREE_MISSING where it is not in the trash and has no snapshot.
 * @throws CONFLICT where its place is taken.
 */
export async function restoreWorktree(worktree: SessionWorktree, wanted: WantedFiles): Promise<void> {
  if ((await locateWorktree(worktree)).place !== 'missing') {
    await restoreFromTrash(worktree);
    return;
  }
  await recreateWorktree(worktree);
  await copyIgnoredFiles(worktree, wanted);
}

/**
 * As `restoreWorktree`, for a session that worked elsewhere meanwhile: one that it left here is brought to its last
 * snapshot, after a snapshot of what is there. Throws as `prepareRoot` and `restoreSnapshot`, too.
 */
export async function takeUpWorktree(worktree: SessionWorktree, wanted: WantedFiles): Promise<void> {
  await prepareRoot(worktree); // there may never have been a worktree before
  const last = await readSnapshotRef(worktree.repository, worktree.sessionId);
  const { place } = await locateWorktree(worktree);
  await restoreWorktree(worktree, wanted);
  if (place !== 'missing' && last !== undefined) await restoreSnapshot(worktree, last.commit);
}

/** The one that a session left on this computer as it went on elsewhere; undefined where there is none. */
export async function findLeftWorktree(
  options: Pick<LifecycleOptions, 'git' | 'store'>,
  facts: SessionFacts,
): Promise<SessionWorktree | undefined> {
  const path = pathLeftHere(facts);
  if (path === undefined) return undefined;
  await options.git.requireDisk(path);
  const worktree = { ...(await worktreeOf(options, facts)), path };
  return (await locateWorktree(worktree)).place === 'worktree' ? worktree : undefined;
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
