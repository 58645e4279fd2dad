import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../../common/errors';
import { pathOf } from '../../../common/folderPath';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import { newId } from '../../../storage/ids';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { findRepository, type Repository } from '../../git/repository';
import type { SessionWorktree } from '../../git/sessionWorktree';
import { mayFilter, readConditions } from '../../git/worktrees/spares/checkoutConditions';
import {
  differInAttributes,
  isUntouched,
  makeSpare,
  moveSpare,
  removeSpare,
  setAside,
  sparePathFor,
  type SpareWorktree,
} from '../../git/worktrees/spares/spareWorktree';
import { measureFolder } from '../../git/worktrees/generatedFolders';
import { planWorktree } from '../../git/worktrees/worktreeCreation';
import { exists } from '../../git/worktreeOwnership';
import { withLock, type StillOwner } from '../../system/locks';
import { findStart } from '../newWorktree';
import type { LifecycleOptions } from '../worktreeOf';
import { findSpare, isFor } from './spareHandOver';
import {
  beginWork,
  endWork,
  forgetSpare,
  listSpares,
  removeAbandonedRecords,
  spareLockName,
  touchSpare,
  writeBusy,
  type ListedSpare,
  type SpareRecord,
} from './spareRecords';

/** With less free space no spare is made: people need what is left themselves. */
const MIN_FREE_BYTES = 2 * 1024 ** 3;
/** A spare that nobody took for so long is removed when a window starts. */
const UNUSED_AFTER_MS = 7 * 24 * 3_600_000;
/** Another window is at the same work then. */
const LOCK_TIMEOUT_MS = 200;

export interface SpareOptions extends LifecycleOptions {
  log: Log;
}

/** Worktrees that are made ready while a prompt is written, one for a repository. */
export class SpareWorktrees {
  readonly #options: SpareOptions;
  readonly #closing = new AbortController();
  /** What this window makes ready, by the repository. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Requests whose repository may not be known yet. */
  readonly #beginnings = new Set<Promise<unknown>>();

  constructor(options: SpareOptions) {
    this.#options = options;
  }

  /**
   * Makes a spare with the files of the base, or moves one there. Where that cannot be, a session's worktree is made as
   * always, so nothing is thrown.
   */
  async prepare(request: { repository: string; base?: string | undefined }): Promise<void> {
    const beginning = this.#begin(request);
    this.#beginnings.add(beginning);
    try {
      await (
        await beginning
      ).done;
    } catch (error) {
      this.#options.log.info(`No worktree is made ready in ${request.repository}: ${messageOf(error)}`);
    } finally {
      this.#beginnings.delete(beginning);
    }
  }

  /** As `findSpare`, once what this window makes ready is there. Where that cannot be, nothing is thrown. */
  async find(worktree: SessionWorktree, commit: string): Promise<SpareRecord | undefined> {
    const { repository } = worktree;
    const { log, store, worktreeSettings } = this.#options;
    if (!worktreeSettings(repository.mainWorktree).worktreesSpare) return undefined;
    await Promise.allSettled(this.#beginnings);
    await this.#underWay.get(repository.commonDirectory)?.catch(() => undefined);
    return await findSpare(store.paths, worktree, commit).catch((error: unknown) => {
      log.info(`No worktree is taken that was made ready in ${repository.mainWorktree}: ${messageOf(error)}`);
      return undefined;
    });
  }

  /** How many there are, of one repository or of all, and the bytes of their files. */
  async measure(repository?: string): Promise<{ count: number; bytes: number }> {
    const all = await listSpares(this.#options.store.paths);
    const spares = all.filter(({ record }) => isOf(record, repository));
    const sizes = await Promise.all(spares.map(async ({ record }) => (await measureFolder(record.path)).bytes));
    return { count: spares.length, bytes: sizes.reduce((sum, bytes) => sum + bytes, 0) };
  }

  /** Removes all that no window is at work on. One in which somebody worked becomes a worktree of no session. */
  async clear(repository?: string): Promise<void> {
    await this.#removeWhere(({ record }) => isOf(record, repository));
  }

  /** Removes what a crash left, what nobody takes any longer, and what a person does not want. */
  async tidy(): Promise<void> {
    const { store, worktreeSettings } = this.#options;
    await removeAbandonedRecords(store.paths);
    await this.#removeWhere(async ({ record, state, readyAtMs }) => {
      if (state !== 'ready' || !worktreeSettings(record.repository).worktreesSpare) return true;
      return Date.now() - readyAtMs > UNUSED_AFTER_MS || !(await exists(record.path));
    });
  }

  /** Stops what is under way, and removes what is half made. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#underWay.values());
  }

  /** `done` settles when all is done that is under way for the repository. */
  async #begin(request: { repository: string; base?: string | undefined }): Promise<{ done: Promise<void> }> {
    const { git, store, worktreeSettings } = this.#options;
    const repository = await findRepository(git, pathOf(request.repository));
    const { worktreesSpare, worktreesLocation } = worktreeSettings(repository.mainWorktree);
    if (!worktreesSpare || this.#closing.signal.aborted) return { done: Promise.resolve() };
    const spareId = newId();
    const planned = planWorktree(repository, { storeId: store.storeId, sessionId: spareId }, worktreesLocation);
    const spare = { ...planned, path: sparePathFor(planned.path, spareId), signal: this.#closing.signal };
    const key = repository.commonDirectory;
    const before = this.#underWay.get(key) ?? Promise.resolve();
    const work = before.catch(() => undefined).then(async () => await this.#provide(spare, request.base ?? 'HEAD'));
    this.#underWay.set(key, work);
    const done = work.finally(() => {
      if (this.#underWay.get(key) === work) this.#underWay.delete(key);
    });
    return { done };
  }

  async #provide(spare: SpareWorktree, base: string): Promise<void> {
    const { store } = this.#options;
    const { repository } = spare;
    const { baseCommit } = await findStart(repository, base);
    const [conditions, isFiltered] = await Promise.all([readConditions(repository), mayFilter(repository, baseCommit)]);
    if (conditions === undefined || isFiltered) return;
    const record: SpareRecord = {
      spareId: spare.sessionId,
      repository: repository.mainWorktree,
      commonDirectory: repository.commonDirectory,
      path: spare.path,
      commit: baseCommit,
      conditions,
    };
    await this.#locked(repository.commonDirectory, async (stillOwner) => {
      let isThere = false;
      for (const listed of await listSpares(store.paths)) {
        if (listed.record.commonDirectory !== repository.commonDirectory) continue;
        if (!isThere && (await this.#keep(listed, repository, record, stillOwner))) isThere = true;
        else await this.#remove(listed, repository);
      }
      if (!isThere && (await hasRoom(repository))) await this.#make(spare, record, stillOwner);
    });
  }

  /** Moves a spare to the commit. False where it cannot be used any longer. */
  async #keep(
    { record, state }: ListedSpare,
    repository: Repository,
    wanted: SpareRecord,
    stillOwner: StillOwner,
  ): Promise<boolean> {
    const { paths } = this.#options.store;
    const { commonDirectory, commit, conditions } = wanted;
    if (state !== 'ready' || record.conditions !== conditions || !isFor(record, commonDirectory, wanted.path))
      return false;
    if (!(await exists(record.path))) return false;
    if (record.commit === commit) {
      await touchSpare(paths, record.spareId);
      return true;
    }
    const spare = this.#spareOf(record, repository);
    if (!(await isUntouched(spare, record.commit))) return false;
    if (await differInAttributes(repository, [record.commit, commit])) return false;
    await stillOwner();
    if (!(await beginWork(paths, record.spareId, 'busy'))) return true; // a session has it by now
    await moveSpare(spare, commit);
    await writeBusy(paths, { ...record, commit });
    await stillOwner();
    await endWork(paths, record.spareId);
    return true;
  }

  async #make(spare: SpareWorktree, record: SpareRecord, stillOwner: StillOwner): Promise<void> {
    const { paths } = this.#options.store;
    await writeBusy(paths, record);
    try {
      await makeSpare(spare, record.commit);
      await stillOwner();
      await endWork(paths, record.spareId);
    } catch (error) {
      await removeSpare(spare);
      await forgetSpare(paths, record.spareId);
      throw error;
    }
  }

  async #removeWhere(isUnwanted: (listed: ListedSpare) => boolean | Promise<boolean>): Promise<void> {
    const { git, log, store } = this.#options;
    for (const { record } of await listSpares(store.paths)) {
      const { commonDirectory, spareId } = record;
      try {
        await git.requireDisk(commonDirectory);
        await git.requireDisk(record.path);
        await this.#locked(commonDirectory, async () => {
          // Read again, now that no other window is at work on it.
          const listed = (await listSpares(store.paths)).find((each) => each.record.spareId === spareId);
          if (listed !== undefined && (await isUnwanted(listed))) await this.#remove(listed, undefined);
        });
      } catch (error) {
        if (!(error instanceof CorralError && error.code === 'TIMEOUT'))
          log.warn(`The worktree ${record.path} cannot be removed: ${messageOf(error)}`);
      }
    }
  }

  /** The lock is held, so one that is not ready was left by a window that is gone. */
  async #remove({ record, state }: ListedSpare, known: Repository | undefined): Promise<void> {
    const { paths, storeId } = this.#options.store;
    const { spareId, path, commonDirectory } = record;
    const isAside = state === 'aside' || (state === 'ready' && (await this.#mayHoldWork(record, known)));
    if (state === 'ready' && !(await beginWork(paths, spareId, isAside ? 'aside' : 'busy'))) return;
    const place = { storeId, sessionId: spareId, path, repository: { commonDirectory } };
    await (isAside ? setAside(place) : removeSpare(place));
    await forgetSpare(paths, spareId);
  }

  async #mayHoldWork(record: SpareRecord, known: Repository | undefined): Promise<boolean> {
    if (!(await exists(record.path))) return false;
    const repository = known ?? (await findRepository(this.#options.git, record.repository).catch(() => undefined));
    if (repository === undefined) return true;
    return !(await isUntouched(this.#spareOf(record, repository), record.commit).catch(() => false));
  }

  #spareOf({ spareId, path }: SpareRecord, repository: Repository): SpareWorktree {
    const { signal } = this.#closing;
    return { repository, storeId: this.#options.store.storeId, sessionId: spareId, path, signal };
  }

  async #locked(commonDirectory: string, action: (stillOwner: StillOwner) => Promise<void>): Promise<void> {
    const { paths } = this.#options.store;
    await makeDirectory(paths.spares);
    await withLock(spareLockName(paths, commonDirectory), action, { timeoutMs: LOCK_TIMEOUT_MS });
  }
}

function isOf(record: SpareRecord, repository: string | undefined): boolean {
  return repository === undefined || record.repository === repository;
}

/** The disk that a spare would be on is in nearly all cases that of the repository. */
async function hasRoom({ mainWorktree }: Repository): Promise<boolean> {
  const { bavail, bsize } = await statfs(dirname(mainWorktree));
  return bavail * bsize >= MIN_FREE_BYTES;
}
