import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { isId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import { purgeTrash } from '../git/worktrees/purgeTrash';
import type { GeneratedFolder } from '../git/worktrees/generatedFolders';
import { dropFolders, findGeneratedFolders, measureFolder } from '../git/worktrees/generatedFolders';
import type { SessionWorktree } from '../git/worktrees/trash';
import { locateWorktree, moveToTrash } from '../git/worktrees/trash';
import type { Repository } from '../git/repository';
import { findRepository } from '../git/repository';
import type { WorktreeSummary } from '../git/worktrees/worktreeSummary';
import { summarizeWorktree } from '../git/worktrees/worktreeSummary';
import { inspectWorktree, trashPathFor } from '../git/worktreeOwnership';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionRemovalOptions } from './sessionRemoval';
import { putInPlace, sessionWorktree } from './sessionRemoval';
import type { Log } from '../../common/log';
import { withWorktreeLock } from './worktreeLock';

export interface WorktreeInventoryOptions extends SessionRemovalOptions {
  model: SessionModel;
  log: Log;
}

/** A folder of this store's on the disk. */
export interface WorktreeEntry {
  sessionId: string;
  /** `stray`: it bears this store's mark, and no session knows of it. */
  kind: 'worktree' | 'trash' | 'stray';
  path: string;
  bytes: number;
  generated: GeneratedFolder[];
  /** `unknown` where it could not be counted: then there is work. */
  summary: WorktreeSummary | 'unknown';
  /** Why a folder in the trash is still there. */
  notCaptured: readonly string[];
}

/** Where a stray lies, for what is done with it. */
type Stray = SessionWorktree & { path: string };

/** All folders that this store has made in repositories, and what can be freed of them. Another store's are never looked into. */
export class WorktreeInventory {
  readonly #options: WorktreeInventoryOptions;

  constructor(options: WorktreeInventoryOptions) {
    this.#options = options;
  }

  /** Every folder with its size and what it holds, largest first. Takes as long as it takes to read all of them. */
  async list(): Promise<WorktreeEntry[]> {
    const { model, log } = this.#options;
    const entries: WorktreeEntry[] = [];
    for (const id of model.ids()) {
      const facts = model.facts(id);
      if (facts.worktree !== 'present' && facts.trashPath === undefined) continue;
      try {
        const request = await sessionWorktree(this.#options, facts);
        const { place } = await locateWorktree(request);
        if (place === 'missing') continue;
        const path = place === 'worktree' ? facts.worktreePath : trashPathFor(facts.worktreePath);
        entries.push({
          ...(await describe(request.repository, path, facts.baseCommit)),
          sessionId: id,
          kind: place,
          notCaptured: facts.notCaptured ?? [],
        });
      } catch (error) {
        log.warn(`The worktree of session ${id} is left out of the inventory: ${messageOf(error)}`);
      }
    }
    return [...entries, ...(await this.strays())].sort((a, b) => b.bytes - a.bytes);
  }

  /** What bears this store's mark and belongs to no session. Runs no git where there is nothing of that kind. */
  async strays(): Promise<WorktreeEntry[]> {
    const entries: WorktreeEntry[] = [];
    for (const { repository, path, sessionId } of await this.#findStrays())
      entries.push({ ...(await describe(repository, path, undefined)), sessionId, kind: 'stray', notCaptured: [] });
    return entries;
  }

  /** Removes the folders of a worktree that tools fill again, and nothing else. Answers with the bytes that are free now. Throws RUNNING. */
  async removeGenerated(id: string): Promise<number> {
    const { store, model } = this.#options;
    return await withWorktreeLock(store.paths, id, async () => {
      const facts = (await store.sync(id)) ?? model.facts(id);
      if (facts.runs.some(isOpen)) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
      const request = await sessionWorktree(this.#options, facts);
      if ((await locateWorktree(request)).place !== 'worktree') return 0;
      const folders = await findGeneratedFolders(request.repository, facts.worktreePath);
      await dropFolders(facts.worktreePath, folders);
      return folders.reduce((sum, { bytes }) => sum + bytes, 0);
    });
  }

  /** Takes a stray away, its work kept by the ref of its id. Answers with what no snapshot can hold: then its folder stays, in the trash. */
  async removeStray(sessionId: string): Promise<string[]> {
    const stray = (await this.#findStrays()).find((each) => each.sessionId === sessionId);
    if (stray === undefined)
      throw new CorralError('WORKTREE_MISSING', 'This worktree is not there any more, or belongs to a session by now.');
    await moveToTrash(stray);
    return await purgeTrash(stray);
  }

  /** Undoes `removeStray`; `path` is where the stray was. */
  async restoreStray({ sessionId, path }: WorktreeEntry): Promise<void> {
    const worktreePath = join(dirname(dirname(path)), 'worktrees', sessionId);
    for (const [root, repositories] of this.#roots()) {
      if (root !== dirname(dirname(path))) continue;
      for (const repository of repositories) {
        const request = {
          repository: await findRepository(this.#options.git, repository),
          storeId: this.#options.store.storeId,
          sessionId,
          worktreePath,
        };
        await putInPlace(this.#options, request);
      }
    }
  }

  /** The folders that worktrees of any session were made in, with the repositories of those sessions. */
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
      for (const place of ['worktrees', 'trash']) {
        const names = await readdir(join(root, place)).catch(() => []);
        for (const name of names.filter(isId)) {
          if (!(await this.#isUnknown(name))) continue;
          for (const folder of repositories) {
            const stray = await findRepository(git, folder)
              .then(async (repository) => await this.#inspect(repository, root, place, name))
              .catch((error: unknown) => {
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

  async #inspect(repository: Repository, root: string, place: string, sessionId: string): Promise<Stray | undefined> {
    const path = join(root, place, sessionId);
    const mark = { storeId: this.#options.store.storeId, sessionId };
    const { state } = await inspectWorktree(repository, path, mark);
    return state === 'ours'
      ? { ...mark, repository, worktreePath: join(root, 'worktrees', sessionId), path }
      : undefined;
  }

  /** A session that another window has just begun to make is known on the disk before its folder is there. */
  async #isUnknown(id: string): Promise<boolean> {
    const { model, store } = this.#options;
    const known: SessionFacts | undefined = model.has(id) ? model.facts(id) : await store.sync(id);
    return known === undefined || known.worktree === 'failed';
  }
}

async function describe(
  repository: Repository,
  path: string,
  baseCommit: string | undefined,
): Promise<Pick<WorktreeEntry, 'path' | 'bytes' | 'generated' | 'summary'>> {
  const [summary, generated] = [
    await summarizeWorktree(repository, path, baseCommit).catch(() => 'unknown' as const),
    await findGeneratedFolders(repository, path).catch(() => []),
  ];
  return { path, bytes: (await measureFolder(path)).bytes, generated, summary };
}
