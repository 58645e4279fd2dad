import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import type { FileChange } from '../git/review/changes';
import { captureWork, listChanges } from '../git/review/changes';
import { restoreSnapshot } from '../git/worktrees/restoreSnapshot';
import type { SessionWorktree } from '../git/worktrees/trash';
import { locateWorktree } from '../git/worktrees/trash';
import type { ListedSnapshot } from '../git/snapshots/snapshotList';
import { listSnapshots, requireSnapshotPoint } from '../git/snapshots/snapshotList';
import { takeSnapshot } from '../git/snapshots/snapshots';
import type { WorktreeSummary } from '../git/worktrees/worktreeSummary';
import type { ApplyMode, ChangesToApply } from '../git/review/applyChanges';
import { applyChanges, makeBranch, undoApply } from '../git/review/applyChanges';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionRemovalOptions } from './sessionRemoval';
import {
  deleteWorktree,
  sessionWorktree,
  restoreWorktree,
  summarizeSessionWorktree,
  undoDelete,
} from './sessionRemoval';
import type { Log } from '../../common/log';
import { finishInterruptedOperation } from './interruptedOperations';
import { withWorktreeLock } from './worktreeLock';

/** What acting on a session's worktree asks of its runs. */
export interface SessionRuns {
  /** The run that has not ended, once it is certain what became of it. */
  openRun(id: string): Promise<RunFacts | undefined>;
  stop(id: string): Promise<void>;
  tearDown(id: string): Promise<void>;
}

export interface WorktreeControlOptions extends SessionRemovalOptions {
  model: SessionModel;
  runControl: SessionRuns;
  log: Log;
}

/** A point in a session's life: its base, the files as they are now, or the commit of one of its snapshots. */
export type SnapshotPoint = 'base' | 'now' | (string & {});

export interface Comparison {
  /** Object ids. */
  before: string;
  after: string;
  /** Set where `after` is what lies in the worktree now. */
  worktreePath?: string;
  changes: FileChange[];
}

/** All that people can ask of a session's worktree once it is made. What comes of it is seen only as new records. */
export class WorktreeControl {
  readonly #options: WorktreeControlOptions;
  readonly #purging = new Set<Promise<void>>();

  constructor(options: WorktreeControlOptions) {
    this.#options = options;
  }

  async archive(id: string, archived: boolean): Promise<void> {
    const { runControl } = this.#options;
    if (archived && (await runControl.openRun(id)) !== undefined)
      throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    await this.#change(id, async (options, { worktree }) => {
      await this.#setArchived(id, archived);
      if (archived && worktree === 'present') await this.#remove(options, id);
      if (!archived && worktree === 'deleted') await undoDelete(options, this.#options.model.facts(id));
    });
    if (archived) this.#emptyTrash(id);
  }

  async delete(id: string): Promise<void> {
    const { runControl } = this.#options;
    if ((await runControl.openRun(id)) !== undefined) await runControl.stop(id);
    await this.#change(id, async (options, { archived, worktree }) => {
      await this.#setArchived(id, false);
      // That of an archived session is in the trash already.
      if (!archived || worktree !== 'deleted') await this.#remove(options, id);
    });
    this.#emptyTrash(id);
  }

  async undoDelete(id: string): Promise<void> {
    await this.#change(id, undoDelete);
  }

  async restore(id: string): Promise<void> {
    await this.#change(id, restoreWorktree);
    await this.#setArchived(id, false);
  }

  /** What lies in the session's worktree; undefined where there is none in its place. */
  async summary(id: string): Promise<WorktreeSummary | undefined> {
    return await summarizeSessionWorktree(this.#options, this.#options.model.facts(id));
  }

  /** What differs between two moments of the session; the whole change where none is named. */
  async changes(id: string, from: SnapshotPoint = 'base', to: SnapshotPoint = 'now'): Promise<Comparison> {
    const facts = this.#options.model.facts(id);
    const request = await sessionWorktree(this.#options, facts);
    const [before, after] = [
      await this.#resolveMoment(request, facts, from),
      await this.#resolveMoment(request, facts, to),
    ];
    const changes = await listChanges(request, before.revision, after.revision);
    return {
      before: before.revision,
      after: after.revision,
      changes,
      ...(after.isInPlace ? { worktreePath: facts.worktreePath } : {}),
    };
  }

  /** The session's snapshots, newest first. */
  async snapshots(id: string): Promise<ListedSnapshot[]> {
    const facts = this.#options.model.facts(id);
    return await listSnapshots((await sessionWorktree(this.#options, facts)).repository, id, facts.baseCommit);
  }

  /** A snapshot now; `changed` is false where the files are as in the last one. Throws WORKTREE_MISSING. */
  async takeSnapshot(id: string): Promise<{ commit: string; changed: boolean }> {
    return await this.#change(id, async (options, facts) => {
      const request = await sessionWorktree(options, facts);
      if ((await locateWorktree(request)).place !== 'worktree')
        throw new CorralError(
          'WORKTREE_MISSING',
          'The worktree of this session is not in its place. Restore it first.',
        );
      return await takeSnapshot({ ...request, message: 'On request' });
    });
  }

  /**
   * Puts the worktree back to a snapshot of its own or to its base. Answers with the snapshot of before, which undoes it. Throws RUNNING, CONFLICT,
   * WORKTREE_MISSING; INVALID_ARGUMENT where it is no snapshot of this session.
   */
  async restoreSnapshot(id: string, commit: string): Promise<{ before: string }> {
    const { runControl, store } = this.#options;
    if ((await runControl.openRun(id)) !== undefined)
      throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    return await this.#change(id, async (options, facts) => {
      if (facts.runs.some(isOpen)) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
      const request = await sessionWorktree(options, facts);
      await requireSnapshotPoint(request.repository, id, facts.baseCommit, commit);
      const { before } = await restoreSnapshot(request, commit);
      await store.append(id, () => ({ kind: 'worktree.putBack', data: { commit, before } }));
      return { before };
    });
  }

  /** What differs between the work of two sessions of one repository, each as it is now. */
  async differences(beforeId: string, afterId: string): Promise<Comparison> {
    const work = async (id: string): Promise<{ request: SessionWorktree; tree: string }> => {
      const request = await sessionWorktree(this.#options, this.#options.model.facts(id));
      return { request, tree: (await captureWork(request)).tree };
    };
    const [before, after] = [await work(beforeId), await work(afterId)];
    return {
      before: before.tree,
      after: after.tree,
      changes: await listChanges(after.request, before.tree, after.tree),
    };
  }

  /** The session's work into the checkout, as staged changes or as commits. Throws CONFLICT where git would overwrite changes of the user's. */
  async apply(id: string, mode: ApplyMode): Promise<{ conflicts: string[] }> {
    return await this.#take(id, async ({ request, toTake }) => {
      const { applied, conflicts } = await applyChanges(request, toTake, mode);
      await this.#options.store.append(id, () => ({ kind: 'applied', data: applied }));
      return { conflicts };
    });
  }

  /** Takes back what `apply` did last. Throws CONFLICT where there is nothing of it, or where git would overwrite changes of the user's. */
  async unapply(id: string): Promise<void> {
    await this.#change(id, async (options, facts) => {
      if (facts.applied === undefined)
        throw new CorralError(
          'CONFLICT',
          'Nothing of this session was applied to your checkout, or it was taken back already.',
        );
      await undoApply(await sessionWorktree(options, facts), facts.applied);
      await options.store.append(id, () => ({ kind: 'unapplied', data: {} }));
    });
  }

  /** A branch with the session's work, uncommitted files in a commit of their own; the one made before is brought up to date. Throws CONFLICT where the name is taken. */
  async makeBranch(id: string, name: string): Promise<void> {
    await this.#take(id, async ({ request, toTake, facts }) => {
      const commit = await makeBranch(request, toTake, name, facts.branch);
      await this.#options.store.append(id, () => ({ kind: 'branch.made', data: { name, commit } }));
    });
  }

  async #resolveMoment(
    request: SessionWorktree,
    { baseCommit }: SessionFacts,
    moment: SnapshotPoint,
  ): Promise<{ revision: string; isInPlace: boolean }> {
    if (moment === 'now') {
      const { tree, isInPlace } = await captureWork(request);
      return { revision: tree, isInPlace };
    }
    const revision = moment === 'base' ? baseCommit : moment;
    await requireSnapshotPoint(request.repository, request.sessionId, baseCommit, revision);
    return { revision, isInPlace: false };
  }

  async #take<T>(
    id: string,
    take: (taken: { request: SessionWorktree; facts: SessionFacts; toTake: ChangesToApply }) => Promise<T>,
  ): Promise<T> {
    return await this.#change(id, async (options, facts) => {
      const request = await sessionWorktree(options, facts);
      return await take({
        request,
        facts,
        toTake: { baseCommit: facts.baseCommit, work: await captureWork(request), title: facts.title },
      });
    });
  }

  /** Resolves when nothing goes on in the background any more. */
  async close(): Promise<void> {
    await Promise.all(this.#purging);
  }

  async #setArchived(id: string, archived: boolean): Promise<void> {
    await this.#options.store.append(id, (facts) =>
      facts.archived === archived ? undefined : { kind: 'archived', data: { archived } },
    );
  }

  /** Whatever becomes of the teardown command, the worktree goes: all that it holds is kept anyway. */
  async #remove(options: SessionRemovalOptions, id: string): Promise<void> {
    const { runControl, log, model } = this.#options;
    await runControl.tearDown(id).catch((error: unknown) => {
      log.warn(`The teardown command of session ${id}: ${messageOf(error)}`);
    });
    await deleteWorktree(options, model.facts(id));
  }

  /** One change at a time over all windows, decided on what is on disk when its turn has come. */
  async #change<T>(
    id: string,
    change: (options: SessionRemovalOptions, facts: SessionFacts) => Promise<T>,
  ): Promise<T> {
    const { store, model } = this.#options;
    return await withWorktreeLock(store.paths, id, async () => {
      await store.sync(id);
      return await change(this.#options, model.facts(id));
    });
  }

  /** Frees the disk in the background; the next window does it where this one ends before. */
  #emptyTrash(id: string): void {
    const purging = finishInterruptedOperation(this.#options, id)
      .catch((error: unknown) => {
        this.#options.log.error(`Emptying the trash of session ${id}: ${messageOf(error)}`);
      })
      .finally(() => this.#purging.delete(purging));
    this.#purging.add(purging);
  }
}
