import { CorralError, messageOf } from '../storage/errors';
import type { SessionFacts } from '../storage/sessionFacts';
import type { FileChange, SessionWork } from './git/changes';
import { applyWork, captureWork, listChanges, makeBranch, unapplyWork } from './git/changes';
import type { RemovalRequest } from './git/removal';
import type { WorktreeSurvey } from './git/survey';
import type { RunControl } from './runControl';
import type { SessionModel } from './sessionModel';
import type { SessionRemovalOptions } from './sessionRemoval';
import { deleteWorktree, removalRequest, restoreWorktree, surveySession, undoDelete } from './sessionRemoval';
import type { Log } from './settings';
import { finishWork } from './unfinishedWork';
import { withWorktreeLock } from './worktreeLock';

export interface WorktreeControlOptions extends SessionRemovalOptions {
  model: SessionModel;
  runControl: RunControl;
  log: Log;
}

/** All that people can ask of a session's worktree once it is made. What comes of it is seen only as new records. */
export class WorktreeControl {
  readonly #options: WorktreeControlOptions;
  readonly #emptying = new Set<Promise<void>>();

  constructor(options: WorktreeControlOptions) {
    this.#options = options;
  }

  async archive(id: string, archived: boolean): Promise<void> {
    const { runControl } = this.#options;
    if (archived && (await runControl.openRun(id)) !== undefined) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
    await this.#change(id, async (options, { worktree }) => {
      await this.#setArchived(id, archived);
      if (archived && worktree === 'present') await deleteWorktree(options, this.#options.model.facts(id));
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
      if (!archived || worktree !== 'deleted') await deleteWorktree(options, this.#options.model.facts(id));
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
  async survey(id: string): Promise<WorktreeSurvey | undefined> {
    return await surveySession(this.#options, this.#options.model.facts(id));
  }

  /** What differs from the session's base, in the worktree or, where that is gone, in its last snapshot (a tree). */
  async changes(id: string): Promise<{ baseCommit: string; worktreePath: string | undefined; tree: string; changes: FileChange[] }> {
    const { request, facts, work } = await this.#work(id);
    const changes = await listChanges(request, facts.baseCommit, work);
    return { baseCommit: facts.baseCommit, worktreePath: work.isInPlace ? facts.worktreePath : undefined, tree: work.tree, changes };
  }

  /** The session's work as staged changes in the checkout. Throws CONFLICT where git would overwrite changes of the user's. */
  async apply(id: string): Promise<{ commit: string; conflicts: string[] }> {
    const { request, facts, work } = await this.#work(id);
    return await applyWork(request, facts.baseCommit, work, facts.title);
  }

  /** Takes back what `apply` did; `commit` is what it answered with. */
  async unapply(id: string, commit: string): Promise<void> {
    await unapplyWork(await removalRequest(this.#options, this.#options.model.facts(id)), commit);
  }

  /** A new branch with the session's work, uncommitted files in a commit of their own. Throws CONFLICT where the name is taken. */
  async makeBranch(id: string, name: string): Promise<void> {
    const { request, facts, work } = await this.#work(id);
    await makeBranch(request, facts.baseCommit, work, name, facts.title);
  }

  async #work(id: string): Promise<{ request: RemovalRequest; facts: SessionFacts; work: SessionWork }> {
    const facts = this.#options.model.facts(id);
    const request = await removalRequest(this.#options, facts);
    return { request, facts, work: await captureWork(request) };
  }

  /** Resolves when nothing goes on in the background any more. */
  async close(): Promise<void> {
    await Promise.all(this.#emptying);
  }

  async #setArchived(id: string, archived: boolean): Promise<void> {
    await this.#options.store.append(id, (facts) => (facts.archived === archived ? undefined : { kind: 'archived', data: { archived } }));
  }

  /** One change at a time over all windows, decided on what is on disk when its turn has come. */
  async #change(id: string, change: (options: SessionRemovalOptions, facts: SessionFacts) => Promise<void>): Promise<void> {
    const { store, model } = this.#options;
    await withWorktreeLock(store.paths, id, async () => {
      await store.sync(id);
      await change(this.#options, model.facts(id));
    });
  }

  /** Frees the disk in the background; the next window does it where this one ends before. */
  #emptyTrash(id: string): void {
    const emptying = finishWork(this.#options, id)
      .catch((error: unknown) => {
        this.#options.log.error(`Emptying the trash of session ${id}: ${messageOf(error)}`);
      })
      .finally(() => this.#emptying.delete(emptying));
    this.#emptying.add(emptying);
  }
}
