/** Searches, exports, checks, measures and erases what was recorded. */
import * as l10n from '@vscode/l10n';
import { messageOf } from '../../common/errors';
import type { Log } from '../../common/log';
import type { Aside } from '../../storage/asides';
import { CorralError } from '../../storage/errors';
import type { SessionEvent } from '../../storage/events';
import type { SearchedRun } from '../../storage/search/historySearch';
import { searchRuns } from '../../storage/search/historySearch';
import type { SessionFacts } from '../../storage/sessionFacts';
import { isOpen } from '../../storage/sessionState';
import type { DeleteOptions } from '../api';
import type { StoreReport } from '../../storage/store/storeCheck';
import type { SizeOf } from '../../storage/store/storeSize';
import { measureSessions } from '../../storage/store/storeSize';
import type { Git } from '../git/git';
import { deleteSnapshotRef } from '../git/snapshots/snapshotRef';
import { forgetEntry } from '../git/worktrees/retiredEntry';
import { findRepository } from '../git/repository';
import type { ExportFormat } from './sessionExport';
import { eraseSession, removeErased } from '../sessions/sessionErasure';
import { sessionNotFound } from '../sessions/sessionErrors';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import { withWorktreeLock } from '../lifecycle/worktreeLock';

export interface HistoryArchiveOptions {
  store: SessionStore;
  model: SessionModel;
  git: Git;
  log: Log;
  asides: { list(sessionId: string): Promise<Aside[]>; sessions(): Promise<string[]> };
  /** The bundle in which a search's threads run. */
  searchThread: string;
  /** The folder of Corral's bundles. */
  bundles: string;
  /** Erases what the session's host has of it, if that is another one. */
  eraseOnHost: (facts: SessionFacts, options: DeleteOptions) => Promise<void>;
  /** A session is erased here, so that what other hosts have of it can be. */
  onErased: () => void;
}

export interface HistorySearchQuery {
  limit?: number;
  signal?: AbortSignal;
}

const SEARCH_LIMIT = 1_000;
/** Stands for the last event of an open run, which may have newer ones than are indexed. Later than any time. */
const END_OF_TIME = '9999';
/** Above those of all runs, so that ids of events stay different. */
const FIRST_ASIDE_ORDINAL = 2 ** 20;

export class HistoryArchive {
  readonly #options: HistoryArchiveOptions;

  constructor(options: HistoryArchiveOptions) {
    this.#options = options;
  }

  /**
   * Events with this text, whatever its case, newest first.
   * @throws INVALID_ARGUMENT
   */
  async *search(
    text: string,
    { limit = SEARCH_LIMIT, signal }: HistorySearchQuery,
  ): AsyncGenerator<{ sessionId: string; event: SessionEvent; aside?: true }> {
    if (text === '') throw new CorralError('INVALID_ARGUMENT', l10n.t('Enter a text to search for.'));
    if (!Number.isInteger(limit) || limit < 1)
      throw new CorralError('INVALID_ARGUMENT', l10n.t('The limit must be a whole number above 0.'));
    const { store, model, log, searchThread } = this.#options;
    const onUnreadable = ({ sessionId, runId }: SearchedRun, error: unknown): void =>
      log.warn(`Run ${runId} of session ${sessionId} cannot be searched: ${messageOf(error)}`);
    const runs = model.ids().flatMap((sessionId) =>
      model.facts(sessionId).runs.map((run) => ({
        sessionId,
        runId: run.runId,
        ordinal: run.ordinal,
        hasEnded: !isOpen(run),
        lastEventAt: isOpen(run) ? END_OF_TIME : (run.lastEventAt ?? ''),
      })),
    );
    const asides = await this.#searchedAsides();
    const asideIds = new Set(asides.map(({ runId }) => runId));
    for await (const event of searchRuns(store.paths, [...runs, ...asides], text, {
      threadPath: searchThread,
      readOnly: store.readOnly,
      limit,
      signal,
      onUnreadable,
    }))
      yield { sessionId: event.sessionId, event, ...(asideIds.has(event.runId) ? { aside: true } : {}) };
  }

  /** The questions that were asked beside the work of sessions. */
  async #searchedAsides(): Promise<SearchedRun[]> {
    const { asides } = this.#options;
    const searched: SearchedRun[] = [];
    for (const sessionId of await asides.sessions())
      for (const [index, { id, state, endedAt, askedAt }] of (await asides.list(sessionId)).entries()) {
        const hasEnded = state !== 'answering';
        const lastEventAt = hasEnded ? (endedAt ?? askedAt) : END_OF_TIME;
        searched.push({
          sessionId,
          runId: id,
          ordinal: FIRST_ASIDE_ORDINAL + index,
          hasEnded,
          isAside: true,
          lastEventAt,
        });
      }
    return searched;
  }

  async export(id: string, format: ExportFormat, target: string): Promise<void> {
    const { store, model, bundles, asides } = this.#options;
    const { exportSession } = await import('./sessionExport');
    const session = { ...model.summary(id), asides: await asides.list(id) };
    await exportSession(store.paths, store.index, session, format, target, bundles);
  }

  /** @throws CANCELLED once `signal` is aborted */
  async check(signal?: AbortSignal, onSession?: (checked: number, all: number) => void): Promise<StoreReport> {
    const { paths, readOnly } = this.#options.store;
    const { checkStore } = await import('../../storage/store/storeCheck');
    try {
      return await checkStore(paths, { readOnly, signal, ...(onSession === undefined ? {} : { onSession }) });
    } catch (error) {
      throw signal?.aborted === true ? new CorralError('CANCELLED', l10n.t('The check was cancelled.')) : error;
    }
  }

  async measure(): Promise<{ sessionId: string; size: SizeOf }[]> {
    return await measureSessions(this.#options.store.paths);
  }

  /**
   * Removes a deleted session's journals, databases and blobs for good, and the ref of its snapshots.
   * @throws SESSION_NOT_FOUND
   * @throws RUNNING while a run is open
   * @throws CONFLICT while its worktree is there
   * @throws HOST_…, with nothing erased, where its host cannot be reached now, unless that may come later
   */
  async erase(id: string, options: DeleteOptions = {}): Promise<void> {
    const { store, git, eraseOnHost, onErased } = this.#options;
    await withWorktreeLock(store.paths, id, async () => {
      const facts = await store.sync(id);
      if (facts === undefined) throw sessionNotFound(id);
      const isForgotten = facts.isForgotten === true;
      if (facts.runs.some(isOpen) && !isForgotten)
        throw new CorralError('RUNNING', l10n.t('This session is running. Stop it and delete it first.'));
      if (facts.worktree !== 'deleted' && facts.worktree !== 'failed' && !isForgotten)
        throw new CorralError('CONFLICT', l10n.t('This session still has its worktree. Delete the session first.'));
      await eraseOnHost(facts, options);
      const repository = await findRepository(git, facts.repository).catch((error: unknown) => {
        // The refs are gone with the repository.
        if (error instanceof CorralError && (error.code === 'NO_REPOSITORY' || error.code === 'NO_FOLDER'))
          return undefined;
        throw error;
      });
      if (repository !== undefined) {
        await deleteSnapshotRef(repository, id);
        await forgetEntry(repository, id);
      }
      await eraseSession(store, id);
    });
    await this.finishErasing();
    onErased();
  }

  /** Removes the folders of erased sessions, also those that another window did not finish. */
  async finishErasing(): Promise<void> {
    const { paths, readOnly } = this.#options.store;
    if (!readOnly) await removeErased(paths);
  }
}
