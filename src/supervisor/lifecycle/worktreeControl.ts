import * as l10n from '@vscode/l10n';
import { CorralError, isHostError } from '../../storage/errors';
import type { Log } from '../../common/log';
import type { SessionFacts } from '../../storage/sessionFacts';
import { hasWorktree, isOpen } from '../../storage/sessionState';
import { recordConsent } from '../../storage/store/consents';
import type { Repository } from '../git/repository';
import { withCheckoutFilters } from '../git/review/checkoutFilters';
import type { ApplyMode } from '../git/review/applyChanges';
import type { FileChange } from '../git/review/changes';
import { findCheckout } from '../git/review/checkout';
import { listWorkChanges, stateAt, stateNow, type FilesState } from '../git/review/workChanges';
import type { SessionWorktree } from '../git/sessionWorktree';
import { listSnapshots, type ListedSnapshot } from '../git/snapshots/snapshotList';
import type { DeleteOptions } from '../api';
import type { WorktreeSummary } from '../git/worktrees/worktreeSummary';
import { requireStopped } from '../sessions/sessionErrors';
import type { SessionModel } from '../sessions/sessionModel';
import type { StillOwner } from '../system/locks';
import type { RepositoryMoves } from './repositoryMoves';
import { forgetSession } from './removal/forgetSession';
import {
  restoreSessionWorktree,
  summarizeSessionWorktree,
  tearDownAndDelete,
  undoDelete,
} from './removal/sessionRemoval';
import type { SessionRuns } from './sessionRuns';
import { pushOf, readPushTargets, type PushTarget, type PushTargets } from './pushTargets';
import type { TrashPurger } from './removal/trashPurger';
import { keeperOf } from './removal/localWorktree';
import { changesToApply } from './changesToApply';
import { withWorktreeLock } from './worktreeLock';
import { worktreeOf, type LifecycleOptions } from './worktreeOf';

export interface WorktreeControlOptions extends LifecycleOptions {
  model: SessionModel;
  runs: SessionRuns;
  trashPurger: TrashPurger;
  repositories: RepositoryMoves;
  log: Log;
}

/** A state of a session's files: its base, the present one, or the commit of one of its snapshots. */
export type SnapshotPoint = 'base' | 'now' | (string & {});

export interface Comparison {
  /** Object ids. */
  before: string;
  after: string;
  /** Set where `after` is what the worktree holds now. */
  worktreePath?: string;
  changes: FileChange[];
}

/** The commands on one session's worktree. Their effect is seen as new records of the session. */
export class WorktreeControl {
  readonly #options: WorktreeControlOptions;
  readonly #id: string;

  constructor(options: WorktreeControlOptions, sessionId: string) {
    this.#options = options;
    this.#id = sessionId;
  }

  async archive(archived: boolean): Promise<void> {
    const { runs, trashPurger } = this.#options;
    await runs.reach(this.#id);
    if (archived) requireStopped(await runs.openRun(this.#id));
    await this.#change(async (facts, stillOwner) => {
      await this.#setArchived(archived);
      if (archived && hasWorktree(facts)) await tearDownAndDelete(this.#options, this.#facts, stillOwner);
      if (!archived && facts.worktree === 'deleted') await undoDelete(this.#options, this.#facts, stillOwner);
    });
    if (archived) trashPurger.purge(this.#id);
  }

  /**
   * A session whose repository is not found is deleted only where a person says that it is gone.
   *
   * @throws REPOSITORY_MISSING where nobody did, since it may have been moved.
   * @throws HOST_… where its host cannot be reached, unless it is to be forgotten here then
   */
  async delete({ forgetHere = false, ...options }: DeleteOptions & { isRepositoryGone?: boolean } = {}): Promise<void> {
    const { runs, trashPurger } = this.#options;
    try {
      await runs.reach(this.#id);
    } catch (error) {
      if (!forgetHere || !isHostError(error)) throw error;
      await forgetSession(this.#options, this.#id);
      return;
    }
    if ((await runs.openRun(this.#id)) !== undefined) await runs.stop(this.#id);
    await this.#change(async ({ archived, worktree }, stillOwner) => {
      await this.#setArchived(false);
      // The worktree of an archived session is in the trash already.
      if (!archived || worktree !== 'deleted') await tearDownAndDelete(this.#options, this.#facts, stillOwner, options);
    });
    trashPurger.purge(this.#id);
  }

  /** The folder that a person names is where the session's repository is now. Throws INVALID_ARGUMENT. */
  async locateRepository(folder: string): Promise<void> {
    await this.#options.repositories.locate(this.#id, folder);
  }

  async undoDelete(): Promise<void> {
    const { runs, store } = this.#options;
    if ((await store.sync(this.#id))?.isForgotten !== true) await runs.reach(this.#id);
    await this.#change(async (facts, stillOwner) => await undoDelete(this.#options, facts, stillOwner));
  }

  async restore(): Promise<void> {
    await this.#options.runs.reach(this.#id);
    await this.#change(async (facts, stillOwner) => await restoreSessionWorktree(this.#options, facts, stillOwner));
    await this.#setArchived(false);
  }

  /** What the worktree holds; undefined where there is none in its place. */
  async summary(): Promise<WorktreeSummary | undefined> {
    return await summarizeSessionWorktree(this.#options, this.#facts);
  }

  /** What differs between two states of the files; the session's whole change where none is named. */
  async changes(from: SnapshotPoint = 'base', to: SnapshotPoint = 'now'): Promise<Comparison> {
    const worktree = await this.#worktree();
    const before = await this.#resolvePoint(worktree, from);
    const after = await this.#resolvePoint(worktree, to);
    return {
      before: before.revision,
      after: after.revision,
      changes: await listWorkChanges(worktree.repository, before, after),
      ...(after.isInPlace ? { worktreePath: worktree.path } : {}),
    };
  }

  /** What differs between this session's files and those of another session of the repository, as they are now. */
  async differences(otherId: string): Promise<Comparison> {
    const [worktree, other] = [
      await this.#worktree(),
      await worktreeOf(this.#options, this.#options.model.facts(otherId)),
    ];
    const [before, after] = [await stateNow(worktree), await stateNow(other)];
    const changes = await listWorkChanges(worktree.repository, before, after);
    return { before: before.revision, after: after.revision, changes };
  }

  /** The session's snapshots, newest first. */
  async snapshots(): Promise<ListedSnapshot[]> {
    return await listSnapshots(await this.#worktree(), this.#facts.baseCommit);
  }

  /** `changed` is false where the files are as in the last snapshot, whose commit this is. Throws WORKTREE_MISSING. */
  async takeSnapshot(): Promise<{ commit: string; changed: boolean }> {
    await this.#options.runs.reach(this.#id);
    return await this.#change(async (facts) => await (await keeperOf(this.#options, facts)).takeSnapshot());
  }

  /**
   * Restores the files of the base or of a snapshot, and answers with a snapshot of the files before.
   *
   * @throws RUNNING CONFLICT WORKTREE_MISSING
   * @throws INVALID_ARGUMENT where `commit` is no snapshot of this session.
   */
  async restoreSnapshot(commit: string): Promise<{ before: string }> {
    const { runs, store } = this.#options;
    await runs.reach(this.#id);
    requireStopped(await runs.openRun(this.#id));
    return await this.#change(async (facts, stillOwner) => {
      requireStopped(facts.runs.find(isOpen));
      const keeper = await keeperOf(this.#options, facts);
      await stillOwner();
      const { before } = await keeper.putBack(commit);
      await store.append(this.#id, () => ({ kind: 'worktree.putBack', data: { commit, before } }));
      return { before };
    });
  }

  /**
   * Applies the session's work to the checkout from which it was started; to the main worktree where a person says so.
   *
   * @throws CONFLICT where git would overwrite the user's changes.
   * @throws CHECKOUT_MISSING where that checkout is gone.
   */
  async apply(mode: ApplyMode, to: 'checkout' | 'mainWorktree' = 'checkout'): Promise<{ conflicts: string[] }> {
    return await this.#changeFiles(async (worktree, facts) => {
      const { repository } = worktree;
      const path = to === 'mainWorktree' ? repository.mainWorktree : checkoutPath(facts, repository);
      const { applyChanges } = await import('../git/review/applyChanges');
      const checkout = await findCheckout(repository, path);
      const work = await changesToApply(worktree, facts);
      const { applied, conflicts } = await withCheckoutFilters(
        worktree,
        checkout,
        [work.baseCommit, work.work.tree],
        async (filters) => await applyChanges(checkout, work, mode, filters),
      );
      await this.#options.store.append(this.#id, () => ({
        kind: 'applied',
        data: path === checkoutPath(facts, repository) ? applied : { ...applied, checkout: path },
      }));
      return { conflicts };
    });
  }

  /** Undoes the last `apply`. Throws CONFLICT where there is none, or git would overwrite the user's changes. */
  async undoApply(): Promise<void> {
    await this.#changeFiles(async (worktree, facts) => {
      const { repository } = worktree;
      const { applied } = facts;
      if (applied === undefined)
        throw new CorralError(
          'CONFLICT',
          l10n.t('This session is not applied to your checkout, or that was undone already.'),
        );
      const { undoApply } = await import('../git/review/undoApply');
      const checkout = await findCheckout(repository, applied.checkout ?? checkoutPath(facts, repository));
      await withCheckoutFilters(
        worktree,
        checkout,
        [applied.base, applied.commit],
        async (filters) => await undoApply(checkout, applied, filters),
      );
      await this.#options.store.append(this.#id, () => ({ kind: 'unapplied', data: {} }));
    });
  }

  /** Makes a branch with the session's work, or moves the one made before. Throws CONFLICT where the name is taken. */
  async makeBranch(name: string): Promise<void> {
    await this.#changeFiles(async (worktree, facts) => {
      const work = await changesToApply(worktree, facts);
      const { makeBranch } = await import('../git/review/makeBranch');
      const commit = await makeBranch(worktree.repository, work, name, facts.branch);
      await this.#options.store.append(this.#id, () => ({ kind: 'branch.made', data: { name, commit } }));
    });
  }

  /** Where a push of the session's work may go. */
  async pushTargets(): Promise<PushTargets> {
    const { store, model } = this.#options;
    return await readPushTargets(store.paths, model, this.#facts, (await this.#worktree()).repository);
  }

  /** A person agreed that pushes of the repository go to this target. */
  async agreeToPush(target: PushTarget): Promise<void> {
    await recordConsent(this.#options.store.paths, pushOf(this.#facts.repository, target), true);
  }

  get #facts(): SessionFacts {
    return this.#options.model.facts(this.#id);
  }

  async #worktree(): Promise<SessionWorktree> {
    return await worktreeOf(this.#options, this.#facts);
  }

  async #resolvePoint(worktree: SessionWorktree, point: SnapshotPoint): Promise<FilesState & { isInPlace: boolean }> {
    if (point === 'now') return await stateNow(worktree);
    const { baseCommit } = this.#facts;
    return { ...(await stateAt(worktree, baseCommit, point === 'base' ? baseCommit : point)), isInPlace: false };
  }

  async #setArchived(archived: boolean): Promise<void> {
    await this.#options.store.append(this.#id, (facts) =>
      facts.archived === archived ? undefined : { kind: 'archived', data: { archived } },
    );
  }

  /** Runs one change at a time over all windows, with the facts that are on disk when its turn comes. */
  async #change<T>(change: (facts: SessionFacts, stillOwner: StillOwner) => Promise<T>): Promise<T> {
    const { store } = this.#options;
    return await withWorktreeLock(store.paths, this.#id, async (stillOwner) => {
      await store.sync(this.#id);
      return await change(this.#facts, stillOwner);
    });
  }

  /** As `#change`, for what needs the worktree. */
  async #changeFiles<T>(change: (worktree: SessionWorktree, facts: SessionFacts) => Promise<T>): Promise<T> {
    return await this.#change(async (facts) => await change(await worktreeOf(this.#options, facts), facts));
  }
}

/** The checkout from which the session was started. */
function checkoutPath({ checkout }: SessionFacts, { mainWorktree }: Repository): string {
  return checkout ?? mainWorktree;
}
