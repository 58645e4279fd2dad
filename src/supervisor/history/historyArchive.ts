/** What can be done with everything that was ever recorded: searched, written out, checked, measured, and erased. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory } from '../../storage/journal/durableFile';
import { CorralError } from '../../storage/errors';
import type { SessionEvent } from '../../storage/events';
import { searchRuns } from '../../storage/search/historySearch';
import { newId } from '../../storage/ids';
import { isOpen } from '../../storage/sessionState';
import { ringDoorbell } from '../../storage/store/store';
import type { StoreReport } from '../../storage/store/storeCheck';
import { checkStore } from '../../storage/store/storeCheck';
import type { SizeOf } from '../../storage/store/storeSize';
import { measureSessions } from '../../storage/store/storeSize';
import type { Git } from '../git/git';
import { deleteSnapshotRef } from '../git/snapshots/snapshotRef';
import { findRepository } from '../git/repository';
import type { ExportFormat } from './sessionExport';
import { exportSession } from './sessionExport';
import { sessionNotFound } from '../sessions/sessionErrors';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { withWorktreeLock } from '../lifecycle/worktreeLock';
import { readdirIfExists } from '../../common/readdirIfExists';

export interface HistoryArchiveOptions {
  store: SessionStore;
  model: SessionModel;
  git: Git;
}

export interface HistorySearchQuery {
  limit?: number;
  signal?: AbortSignal;
}

const SEARCH_LIMIT = 1_000;
/** A run that still goes on may have an event that is newer than any that was heard of. */
const NEVER_OLDER = '9999';
/** What an erased session's folder is called until all of it is gone. */
const ERASED_SUFFIX = '.erased';

export class HistoryArchive {
  readonly #options: HistoryArchiveOptions;

  constructor(options: HistoryArchiveOptions) {
    this.#options = options;
  }

  /** Events with this text in whatever case, newest first, as they are found. Throws INVALID_ARGUMENT. */
  async *search(
    text: string,
    { limit = SEARCH_LIMIT, signal }: HistorySearchQuery,
  ): AsyncGenerator<{ sessionId: string; event: SessionEvent }> {
    if (text === '') throw new CorralError('INVALID_ARGUMENT', 'Say what to search for.');
    if (!Number.isInteger(limit) || limit < 1)
      throw new CorralError('INVALID_ARGUMENT', 'A search gives at least one event.');
    const { store, model } = this.#options;
    const runs = model.ids().flatMap((sessionId) =>
      model.facts(sessionId).runs.map((run) => ({
        sessionId,
        runId: run.runId,
        ordinal: run.ordinal,
        lastEventAt: isOpen(run) ? NEVER_OLDER : (run.lastEventAt ?? ''),
      })),
    );
    for await (const event of searchRuns(store.paths, runs, text, { limit, signal }))
      yield { sessionId: event.sessionId, event };
  }

  async export(id: string, format: ExportFormat, target: string): Promise<void> {
    const { store, model } = this.#options;
    await exportSession(store.paths, store.index, model.summary(id), format, target);
  }

  /** Throws CANCELLED where `signal` was aborted. */
  async check(signal?: AbortSignal, onSession?: (checked: number, all: number) => void): Promise<StoreReport> {
    const { paths, readOnly } = this.#options.store;
    try {
      return await checkStore(paths, { readOnly, signal, ...(onSession === undefined ? {} : { onSession }) });
    } catch (error) {
      throw signal?.aborted === true ? new CorralError('CANCELLED', 'The check was cancelled.') : error;
    }
  }

  async measure(): Promise<{ sessionId: string; size: SizeOf }[]> {
    return await measureSessions(this.#options.store.paths);
  }

  /**
   * Takes a session's journals, databases and blobs away for good, and the ref that held its snapshots. Throws CONFLICT while its worktree is there
   * or a run is open: what lives is not history yet.
   */
  async erase(id: string): Promise<void> {
    const { store, git } = this.#options;
    await withWorktreeLock(store.paths, id, async () => {
      const facts = await store.sync(id);
      if (facts === undefined) throw sessionNotFound(id);
      if (facts.runs.some(isOpen))
        throw new CorralError('RUNNING', 'This session is running. Stop it and delete it first.');
      if (facts.worktree !== 'deleted' && facts.worktree !== 'failed')
        throw new CorralError('CONFLICT', 'This session still has its worktree. Delete the session first.');
      const repository = await findRepository(git, facts.repository).catch((error: unknown) => {
        // With the repository its refs are gone too.
        if (error instanceof CorralError && (error.code === 'NO_REPOSITORY' || error.code === 'NO_FOLDER'))
          return undefined;
        throw error;
      });
      if (repository !== undefined) await deleteSnapshotRef(repository, id);
      // One step for everyone who looks; a crash after it leaves a folder that nobody takes for a session.
      await rename(store.paths.session(id).root, join(store.paths.sessions, `${newId()}${ERASED_SUFFIX}`));
      await syncDirectory(store.paths.sessions);
    });
    await ringDoorbell(store.paths, id);
    await store.sync(id);
    await this.finishErasing();
  }

  /** Removes what was erased, also by a window that did not get to the end of it. */
  async finishErasing(): Promise<void> {
    const { paths, readOnly } = this.#options.store;
    if (readOnly) return;
    const names = await readdirIfExists(paths.sessions);
    for (const name of names)
      if (name.endsWith(ERASED_SUFFIX))
        await rm(join(paths.sessions, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
