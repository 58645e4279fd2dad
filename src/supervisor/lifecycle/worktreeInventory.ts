import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { newId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import { emptyDiscarded, purgeTrash } from '../git/worktrees/purgeTrash';
import { findGeneratedFolders, removeGeneratedFolders } from '../git/worktrees/generatedFolders';
import type { SessionWorktree, WorktreeOwnership } from '../git/sessionWorktree';
import { asStray, handOver } from '../git/worktrees/spares/spareWorktree';
import { moveToTrash } from '../git/worktrees/trash';
import { findRepository } from '../git/repository';
import { isWorktreeName } from '../git/worktreeName';
import { inspectWorktree, locateWorktree, ownerOf } from '../git/worktreeOwnership';
import type { SessionModel } from '../sessions/sessionModel';
import { requireStopped } from '../sessions/sessionErrors';
import type { Log } from '../../common/log';
import { findLeftWorktree, restoreWorktree, wantedFiles } from './removal/localWorktree';
import type { SpareWorktrees } from './spares/spareWorktrees';
import {
  describeFolder,
  findLeftovers,
  type LeftWorktreeEntry,
  type StrayWorktreeEntry,
  type UnusedWorktreeEntry,
  type WorktreeEntry,
} from './worktreeEntries';
import { withWorktreeLock } from './worktreeLock';
import { filterAccessOf, worktreeOf, type LifecycleOptions } from './worktreeOf';

export interface WorktreeInventoryOptions extends LifecycleOptions {
  model: SessionModel;
  spares: SpareWorktrees;
  log: Log;
}

export interface RemovedWorktree {
  /** What no snapshot can hold, in words. Where there is any, the folder stays in the trash. */
  kept: string[];
  /** Brings it back as it was. */
  restore: () => Promise<void>;
}

/** `path` is where it is: in its place or in the trash. */
interface Stray {
  worktree: SessionWorktree;
  path: string;
}

/** All worktrees that this store made. Those of other stores are never looked into. */
export class WorktreeInventory {
  readonly #options: WorktreeInventoryOptions;

  constructor(options: WorktreeInventoryOptions) {
    this.#options = options;
  }

  /** Every worktree with its size and content, largest first. Slow, since it reads all of them. */
  async list(): Promise<WorktreeEntry[]> {
    const { model, git, log } = this.#options;
    const entries: WorktreeEntry[] = [];
    for (const id of model.ids()) {
      const facts = model.facts(id);
      try {
        await git.requireDisk(facts.worktreePath);
        entries.push(...(await findLeftovers(facts)), ...(await this.#findLeft(facts)));
        if (facts.worktree !== 'present' && facts.trashPath === undefined) continue;
        const worktree = await worktreeOf(this.#options, facts);
        const located = await locateWorktree(worktree);
        if (located.place === 'missing') continue;
        entries.push({
          ...(await describeFolder({ ...worktree, path: located.path }, facts.baseCommit)),
          sessionId: id,
          kind: located.place,
          notCaptured: facts.notCaptured ?? [],
        });
      } catch (error) {
        log.warn(`The worktree of session ${id} is left out of the inventory: ${messageOf(error)}`);
      }
    }
    return [...entries, ...(await this.strays())].sort((a, b) => b.bytes - a.bytes);
  }

  /** Worktrees of this store that belong to no session. Starts no git where there are none. */
  async strays(): Promise<StrayWorktreeEntry[]> {
    const entries: StrayWorktreeEntry[] = [];
    for (const { worktree, path } of await this.#findStrays()) {
      const description = await describeFolder({ ...worktree, path }, undefined);
      entries.push({
        ...description,
        sessionId: worktree.sessionId,
        kind: 'stray',
        worktree,
        keptAs: worktree.sessionId,
        notCaptured: [],
      });
    }
    return entries;
  }

  /** Worktrees that are ready for sessions to come, which are in no list. */
  get spares(): Pick<SpareWorktrees, 'measure' | 'clear'> {
    return this.#options.spares;
  }

  /** Removes only the folders that tools can fill again, and answers with the bytes that this frees. Throws RUNNING. */
  async removeGenerated(id: string): Promise<number> {
    const { store, model } = this.#options;
    return await withWorktreeLock(store.paths, id, async () => {
      const facts = (await store.sync(id)) ?? model.facts(id);
      requireStopped(facts.runs.find(isOpen));
      const worktree = await worktreeOf(this.#options, facts);
      if ((await locateWorktree(worktree)).place !== 'worktree') return 0;
      const folders = await findGeneratedFolders(worktree);
      await removeGeneratedFolders(worktree.path, folders);
      return folders.reduce((sum, { bytes }) => sum + bytes, 0);
    });
  }

  /** Tries again to remove what is left of a deleted session's worktree. Answers with what stays, in words. */
  async removeLeftovers(id: string): Promise<string[]> {
    const { store, model, git } = this.#options;
    return await withWorktreeLock(store.paths, id, async () => {
      const facts = (await store.sync(id)) ?? model.facts(id);
      await git.requireDisk(facts.worktreePath);
      const kept = await emptyDiscarded(facts.worktreePath);
      if (facts.worktree === 'deleted' && facts.trashPath === undefined)
        await store.append(id, () => ({ kind: 'trash.emptied', data: { kept } }));
      return kept;
    });
  }

  /** Removes a worktree in which no session works, once a snapshot holds its work. Throws WORKTREE_MISSING. */
  async removeUnused(entry: UnusedWorktreeEntry): Promise<RemovedWorktree> {
    const worktree = entry.kind === 'left' ? await this.#takeFromSession(entry) : entry.worktree;
    if (!(await this.#isUnknown(worktree.sessionId)) || (await locateWorktree(worktree)).place === 'missing')
      throw worktreeGone();
    await moveToTrash(worktree);
    return {
      kept: await purgeTrash(worktree),
      restore: async () => {
        const settings = this.#options.worktreeSettings(worktree.repository.mainWorktree);
        await restoreWorktree(worktree, wantedFiles(settings));
        if (entry.kind === 'left') await handOver(worktree, entry.worktree);
      },
    };
  }

  /** The one that a session left here. Its own snapshots go on without what is in it. */
  async #findLeft(facts: SessionFacts): Promise<LeftWorktreeEntry[]> {
    const { host, baseCommit, sessionId } = facts;
    const worktree = await findLeftWorktree(this.#options, facts);
    if (worktree === undefined || host === undefined) return [];
    const description = await describeFolder(worktree, baseCommit);
    return [
      { ...description, sessionId, kind: 'left', worktree, worksOn: host.name, keptAs: newId(), notCaptured: [] },
    ];
  }

  /** Makes it one that belongs to no session. */
  async #takeFromSession({ sessionId, worktree, keptAs }: LeftWorktreeEntry): Promise<SessionWorktree> {
    const { store } = this.#options;
    return await withWorktreeLock(store.paths, sessionId, async () => {
      const facts = await store.sync(sessionId);
      const left = facts === undefined ? undefined : await findLeftWorktree(this.#options, facts);
      if (left?.path !== worktree.path) throw worktreeGone();
      const stray = asStray({ ...left, sessionId: keptAs });
      await handOver(left, stray);
      return stray;
    });
  }

  /** Each folder in which worktrees were made, with the repositories of their sessions. */
  #roots(): Map<string, Set<string>> {
    const roots = new Map<string, Set<string>>();
    for (const id of this.#options.model.ids()) {
      const { worktreePath, repository } = this.#options.model.facts(id);
      const root = dirname(dirname(worktreePath));
      if (worktreePath !== '') roots.set(root, (roots.get(root) ?? new Set()).add(repository));
    }
    return roots;
  }

  async #findStrays(): Promise<Stray[]> {
    const { git, log } = this.#options;
    const strays: Stray[] = [];
    for (const [root, repositories] of this.#roots()) {
      const isReached = await git.requireDisk(root).then(
        () => true,
        (error: unknown) => {
          log.warn(`${root} is not searched for worktrees: ${messageOf(error)}`);
          return false;
        },
      );
      if (!isReached) continue;
      for (const place of ['worktrees', 'trash']) {
        const names = await readdir(join(root, place)).catch(() => []);
        for (const name of names.filter(isWorktreeName)) {
          const owner = await ownerOf(join(root, place, name)).catch(() => undefined);
          if (owner?.storeId !== this.#options.store.storeId || !(await this.#isUnknown(owner.sessionId))) continue;
          for (const folder of repositories) {
            const stray = await this.#inspect(folder, { root, place, name }, owner).catch((error: unknown) => {
              log.warn(`${join(root, place, name)} cannot be looked at: ${messageOf(error)}`);
              return undefined;
            });
            if (stray !== undefined) strays.push(stray);
          }
        }
      }
    }
    return strays;
  }

  async #inspect(
    folder: string,
    { root, place, name }: { root: string; place: string; name: string },
    owner: WorktreeOwnership,
  ): Promise<Stray | undefined> {
    const { git, store } = this.#options;
    const repository = await findRepository(git, folder);
    const worktree = {
      repository,
      ...owner,
      path: join(root, 'worktrees', name),
      filters: filterAccessOf(store, repository),
    };
    const path = join(root, place, name);
    return (await inspectWorktree({ ...worktree, path })).state === 'ours' ? { worktree, path } : undefined;
  }

  /** Looks on disk, too: a session that another window begins to make is recorded before its folder exists. */
  async #isUnknown(id: string): Promise<boolean> {
    const { model, store } = this.#options;
    // One that cannot be read may well be somebody's.
    const known: SessionFacts | 'unreadable' | undefined = model.has(id)
      ? model.facts(id)
      : await store.sync(id).catch(() => 'unreadable' as const);
    if (known === 'unreadable') return false;
    return known === undefined || known.worktree === 'failed';
  }
}

function worktreeGone(): CorralError {
  return new CorralError('WORKTREE_MISSING', l10n.t('This worktree is gone, or belongs to a session by now.'));
}
