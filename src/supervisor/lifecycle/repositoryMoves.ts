import { basename } from 'node:path';
import * as l10n from '@vscode/l10n';
import { messageOf } from '../../common/errors';
import type { Log } from '../../common/log';
import { CorralError } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { Git } from '../git/git';
import { candidatesFor, holdsWorktreeOf, isRepositoryThere, movedPath, relinkWorktree } from '../git/movedRepository';
import { findRepository, resolveCommit, type Repository } from '../git/repository';
import { readSnapshotRef } from '../git/snapshots/snapshotRef';
import { trashPathFor } from '../git/sessionWorktree';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { withWorktreeLock } from './worktreeLock';

export interface RepositoryMovesOptions {
  git: Git;
  store: SessionStore;
  model: SessionModel;
  log: Log;
}

/** Follows repositories that are moved or renamed on the disk. One that is not found is not gone. */
export class RepositoryMoves {
  readonly #options: RepositoryMovesOptions;
  /** The last look at each repository: an older one must not tell its answer after a newer one. */
  readonly #looks = new Map<string, Promise<void>>();

  constructor(options: RepositoryMovesOptions) {
    this.#options = options;
  }

  /** Looks for the repositories of all sessions that are not where they were. */
  async refreshAll(): Promise<void> {
    const { model } = this.#options;
    const seen = new Set<string>();
    for (const id of model.ids()) {
      const { repository } = model.facts(id);
      if (repository !== '' && !seen.has(repository)) await this.refresh(id);
      seen.add(repository);
    }
  }

  /** Where the session's repository is not in its place, looks for it near by, and marks the session if that fails. */
  async refresh(id: string): Promise<void> {
    const { repository = '' } = this.#options.model.find(id) ?? {};
    if (repository === '') return;
    const look = (this.#looks.get(repository) ?? Promise.resolve()).then(async () => await this.#look(id));
    this.#looks.set(repository, look);
    await look;
    if (this.#looks.get(repository) === look) this.#looks.delete(repository);
  }

  /** Never rejects. */
  async #look(id: string): Promise<void> {
    const { model, git, log } = this.#options;
    const facts = model.find(id);
    if (facts === undefined || facts.repository === '') return;
    try {
      await git.requireDisk(facts.repository);
      await git.requireDisk(facts.worktreePath);
      const isThere = (await isRepositoryThere(facts.repository)) || (await isElsewhereKnown(facts));
      const isSearched = !isThere || (facts.worktree === 'present' && (await this.#isReplaced(facts)));
      if (isSearched && (await this.#search(facts))) return;
      this.#mark(facts.repository, !isThere);
    } catch (error) {
      log.warn(`Looking for the repository ${facts.repository}: ${messageOf(error)}`);
    }
  }

  /**
   * The folder that a person names is where the session's repository is now, and that of all sessions with it.
   *
   * @throws INVALID_ARGUMENT where it is another repository.
   */
  async locate(id: string, folder: string): Promise<void> {
    const { git, model } = this.#options;
    const facts = model.facts(id);
    const repository = await findRepository(git, folder);
    if (!(await this.#isOf(facts, repository)))
      throw new CorralError(
        'INVALID_ARGUMENT',
        l10n.t(
          '{folder} is another repository: it has neither the worktree nor a snapshot nor the base of “{title}”.',
          {
            folder,
            title: facts.title,
          },
        ),
      );
    await this.#move(facts.repository, repository);
  }

  /** True where another repository may be in the place of the session's. */
  async #isReplaced({ sessionId, repository, worktreePath }: SessionFacts): Promise<boolean> {
    const ownership = { storeId: this.#options.store.storeId, sessionId };
    return (
      !(await isRepositoryThere(worktreePath)) &&
      !(await holdsWorktreeOf(repository, ownership, basename(worktreePath)))
    );
  }

  async #search(facts: SessionFacts): Promise<boolean> {
    const { git, store, model } = this.#options;
    const { repository: missing } = facts;
    const ids = model.ids().filter((id) => model.facts(id).repository === missing);
    for (const folder of await candidatesFor(missing)) {
      if (!(await isRepositoryThere(folder))) continue; // most are none, and there may be many sessions to ask for
      for (const sessionId of ids) {
        const name = basename(model.facts(sessionId).worktreePath);
        if (!(await holdsWorktreeOf(folder, { storeId: store.storeId, sessionId }, name))) continue;
        await this.#move(missing, await findRepository(git, folder));
        return true;
      }
    }
    return false;
  }

  async #isOf(facts: SessionFacts, repository: Repository): Promise<boolean> {
    const { sessionId, baseCommit, worktreePath } = facts;
    const ownership = { storeId: this.#options.store.storeId, sessionId };
    return (
      (await holdsWorktreeOf(repository.mainWorktree, ownership, basename(worktreePath))) ||
      (await readSnapshotRef(repository, sessionId)) !== undefined ||
      (baseCommit !== '' &&
        (await resolveCommit(repository, baseCommit).then(
          () => true,
          () => false,
        )))
    );
  }

  /** Records the new place for every session of the repository that was at `from`. */
  async #move(from: string, repository: Repository): Promise<void> {
    const { store, model, log } = this.#options;
    for (const id of model.ids().filter((each) => model.facts(each).repository === from)) {
      try {
        await withWorktreeLock(store.paths, id, async () => {
          const facts = await store.sync(id);
          if (facts?.repository !== from || !(await this.#isOf(facts, repository))) return;
          await this.#record(facts, repository);
        });
      } catch (error) {
        log.warn(`Recording where the repository of session ${id} is now: ${messageOf(error)}`);
      }
    }
    this.#mark(repository.mainWorktree, false);
    this.#mark(from, true);
  }

  async #record(facts: SessionFacts, { mainWorktree, commonDirectory }: Repository): Promise<void> {
    const { store } = this.#options;
    const { sessionId, repository: from, worktreePath: path, checkout, trashPath } = facts;
    const ownership = { storeId: store.storeId, sessionId };
    const worktreePath =
      path === ''
        ? path
        : await relinkWorktree(commonDirectory, ownership, [movedPath(path, from, mainWorktree), path]);
    await store.append(sessionId, () => ({
      kind: 'repository.moved',
      data: {
        repository: mainWorktree,
        commonDirectory,
        worktreePath,
        ...(checkout === undefined ? {} : { checkout: movedPath(checkout, from, mainWorktree) }),
        // A host's trash does not move with it.
        ...(trashPath === undefined || path === '' ? {} : { trashPath: trashPathFor(worktreePath) }),
      },
    }));
  }

  #mark(repository: string, isMissing: boolean): void {
    const { model } = this.#options;
    for (const id of model.ids())
      if (model.facts(id).repository === repository) model.setRepositoryMissing(id, isMissing);
  }
}

/** Of a repository without a main worktree, the checkout alone may be gone. */
async function isElsewhereKnown({ commonDirectory }: SessionFacts): Promise<boolean> {
  return commonDirectory !== undefined && (await isRepositoryThere(commonDirectory));
}
