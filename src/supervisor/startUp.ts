import { messageOf } from '../common/errors';
import { Emitter } from '../common/emitter';
import type { Log } from '../common/log';
import { mapLimited } from '../common/mapLimited';
import { settledWithin } from '../common/settledWithin';
import type { SessionKey, SessionPage } from '../storage/database/storeIndex';
import { isInterrupted, isMarkedGone, isOpen, isQueued } from '../storage/sessionState';
import type { RecoveryReport } from './api';
import type { Parts } from './parts';

/** More would only make the disk seek. */
const MAX_SESSIONS_AT_ONCE = 4;
/** Start-up goes on after this time with the other sessions; what was begun on this one continues. */
const SESSION_LIMIT_MS = 60_000;
const START_UP_LIMIT_MS = 30_000;
/** Nothing waits for the look at all journals, so that it leaves the disk and the index to others in between. */
const LOOK_PAUSE_MS = 20;

export interface StartUpOptions {
  log: Log;
  autoRecover: boolean;
  isTrusted: () => boolean;
  onListenerError: (error: unknown) => void;
}

/** Reads what changed while no window was open, and finds out what became of every open run. */
export class StartUp {
  readonly recovered: Emitter<RecoveryReport>;
  /** So many of the sessions that changed since the last checkpoint have been read. */
  readonly scanned: Emitter<{ read: number; all: number }>;
  /** Resolves when the newest sessions are known, and all that have not ended. The others come soon. */
  readonly newest: Promise<Parts>;
  /** Resolves when the list of sessions is known. Where the index is gone, that is its first session. */
  readonly listed: Promise<Parts>;
  /** Resolves when all that is known to have changed is read, as far as it can be. Rejects only as `listed`. */
  readonly read: Promise<Parts>;
  /** Resolves when the fate of every open run is known, and interrupted operations are finished. */
  readonly complete: Promise<Parts>;
  /** Resolves when every journal was looked at: a window that was killed may have told nobody of its last record. */
  readonly looked: Promise<Parts>;
  /** Resolves when start-up has ended, also where it failed. */
  readonly settled: Promise<void>;
  readonly #closing = new AbortController();
  /** What was interrupted on hosts that are back. */
  #finishing: Promise<unknown> = Promise.resolve();
  readonly #options: StartUpOptions;

  constructor(opening: Promise<Parts>, options: StartUpOptions) {
    this.#options = options;
    this.recovered = new Emitter(options.onListenerError);
    this.scanned = new Emitter(options.onListenerError);
    const begun = opening.then(async (parts) => ({ parts, page: await loadPage(parts) }));
    const loaded = begun.then(async ({ parts, page }) => {
      const outdatedIds = [...page.outdatedIds];
      for (let { next } = page; next !== undefined;) {
        const following = await loadPage(parts, next);
        outdatedIds.push(...following.outdatedIds);
        next = following.next;
      }
      await parts.store.usable;
      return { parts, outdatedIds };
    });
    const read = loaded.then(async ({ parts, outdatedIds }) => await this.#readChanged(parts, outdatedIds));
    this.read = read.then(({ parts }) => parts);
    // Where the index is gone the list is empty at first, and must not be shown so.
    const untilAny = async (parts: Parts): Promise<Parts> => {
      await Promise.race([this.read, parts.model.untilAny()]);
      return parts;
    };
    this.newest = begun.then(async ({ parts }) => await untilAny(parts));
    this.listed = loaded.then(async ({ parts }) => await untilAny(parts));
    this.complete = this.read.then(async (parts) => {
      parts.queue.enable();
      await this.#recover(parts);
      return parts;
    });
    this.looked = Promise.all([read, this.complete]).then(async ([{ parts, isAll }]) => {
      if (!isAll) await this.#lookAtAll(parts);
      return parts;
    });
    this.settled = Promise.all([this.newest, this.listed, this.looked]).then(
      () => undefined,
      (error: unknown) => options.log.error(`Start-up: ${messageOf(error)}`),
    );
  }

  /** Resolves when start-up has ended, or after a while: no command waits for one disk that does not answer. */
  async completeOrLate(): Promise<void> {
    await settledWithin(this.complete, START_UP_LIMIT_MS);
  }

  /** Ends the look at all journals. The next start looks again. */
  stopLooking(): void {
    this.#closing.abort();
  }

  /** Resolves when nothing is under way that was begun since a host came back. */
  async untilFinished(): Promise<void> {
    await this.#finishing;
  }

  dispose(): void {
    this.recovered.dispose();
    this.scanned.dispose();
  }

  /**
   * Reads what was written since the last checkpoint, of the sessions that rang and those that had not ended. Where it
   * is not known who rang, of all: then `isAll` is true.
   */
  async #readChanged(parts: Parts, outdatedIds: readonly string[]): Promise<{ parts: Parts; isAll: boolean }> {
    const { store, model } = parts;
    const rung = await this.#attempt('Listening for changes', async () => await store.listen());
    if (rung !== undefined) {
      const open = model.ids().filter((id) => model.facts(id).runs.some(isOpen));
      await this.#readSessions(parts, [...new Set([...rung, ...open, ...outdatedIds])]);
      return { parts, isAll: false };
    }
    // Where the disk does not tell which sessions changed, all of them are read.
    const stale = await this.#attempt('Looking for changes', async () => await store.findStale());
    await this.#readSessions(parts, stale ?? [...model.ids(), ...outdatedIds]);
    return { parts, isAll: true };
  }

  async #readSessions({ store }: Parts, ids: readonly string[]): Promise<void> {
    let read = 0;
    await mapLimited(ids, MAX_SESSIONS_AT_ONCE, async (id) => {
      await store.sync(id).catch((error: unknown) => {
        this.#options.log.error(`Reading session ${id}: ${messageOf(error)}`);
      });
      this.scanned.fire({ read: ++read, all: ids.length });
    });
  }

  /** Reads what nobody rang for. Runs that were found so are watched like those of another window. */
  async #lookAtAll(parts: Parts): Promise<void> {
    const { signal } = this.#closing;
    const stale = await this.#attempt('Looking for changes', async () => {
      return await parts.store.findStale({ pauseMs: LOOK_PAUSE_MS, signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
        return [];
      });
    });
    if (stale === undefined || stale.length === 0) return;
    await this.#readSessions(parts, stale);
    await this.#finishInterrupted(
      parts,
      stale.filter((id) => parts.model.has(id)),
    );
  }

  async #recover(parts: Parts): Promise<void> {
    const { model, store, archive } = parts;
    const { autoRecover, isTrusted } = this.#options;
    if (!autoRecover || store.readOnly) {
      for (const id of model.ids()) if (model.live(id).checking) model.setLive(id, { checking: false });
      return;
    }
    const report = await this.#recoverRuns(parts);
    model.changed.event(({ sessionIds }) => {
      for (const id of sessionIds) watchOpenRuns(parts, id);
    });
    for (const id of model.ids()) watchOpenRuns(parts, id); // of sessions that came meanwhile
    this.recovered.fire(report);
    parts.limitWaits.enable();
    await this.#attempt('Copying from hosts', async () => await parts.remoteRuns.mirrors.settle());
    await this.#attempt('Looking after questions', async () => await parts.asides.settle());
    await this.#attempt('Erasing', async () => await archive.finishErasing());
    if (!isTrusted()) return;
    parts.remoteSessions.returned.event(({ sessionIds }) => {
      this.#finishing = Promise.all([
        this.#finishing,
        this.#finishInterrupted(parts, sessionIds),
        this.#eraseRemains(parts),
      ]);
    });
    await this.#eraseRemains(parts);
    await this.#attempt('Looking for repositories', async () => await parts.repositories.refreshAll());
    await this.#finishInterrupted(parts, model.ids());
  }

  async #finishInterrupted(parts: Parts, ids: readonly string[]): Promise<void> {
    const { model, store, lifecycle, remoteSessions, runControl } = parts;
    const { autoRecover, isTrusted, log } = this.#options;
    if (!autoRecover || store.readOnly || !isTrusted()) return;
    const interrupted: string[] = [];
    for (const id of ids) {
      const facts = model.find(id);
      if (facts === undefined || !isInterrupted(facts)) continue;
      // What was begun on a host that is away waits for it.
      if (facts.host === undefined || (await remoteSessions.isWithinReach(facts))) interrupted.push(id);
    }
    await this.#forEachSession(parts, 'Finishing what was begun on', interrupted, async (id) => {
      if (model.find(id)?.isForgotten === true) {
        const { finishForgotten } = await import('./lifecycle/removal/forgetSession');
        await finishForgotten({ ...lifecycle, log, runs: runControl }, id);
      }
      const { finishInterruptedOperation } = await import('./lifecycle/interruptedOperations');
      await finishInterruptedOperation(lifecycle, id);
    });
    await this.#attempt('Looking for prepared worktrees', async () => await parts.spares.tidy());
  }

  async #eraseRemains({ remoteSessions }: Parts): Promise<void> {
    await this.#attempt('Erasing on hosts', async () => await remoteSessions.eraseRemains());
  }

  /** Finds out what became of every open run. */
  async #recoverRuns(parts: Parts): Promise<RecoveryReport> {
    const { model, watcher } = parts;
    const report: RecoveryReport = { readopted: [], endedWhileAway: [], unreachable: [], restored: [], failed: [] };
    const left = model
      .ids()
      .filter((id) => model.live(id).checking || model.facts(id).runs.some((run) => isOpen(run) || isMarkedGone(run)));
    await this.#forEachSession(parts, 'Looking after', left, async (id) => {
      for (const { runId } of model.facts(id).runs.filter(isMarkedGone)) await watcher.check(id, runId);
      for (const { runId } of model.facts(id).runs.filter(isOpen)) {
        const resolution = await watcher.check(id, runId);
        if (resolution === undefined) report.failed.push(id);
        else if (resolution.kind === 'readopted') report.readopted.push(id);
        else if (resolution.kind === 'ended') report.endedWhileAway.push(id);
        else if (resolution.kind === 'unreachable') report.unreachable.push(id);
        else if (resolution.kind === 'closed') (resolution.restored ? report.restored : report.failed).push(id);
      }
    });
    return report;
  }

  /** Logs what `action` throws, so that start-up goes on with the rest. */
  async #attempt<T>(doing: string, action: () => Promise<T>): Promise<T | undefined> {
    try {
      return await action();
    } catch (error) {
      this.#options.log.error(`${doing}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Runs `action` for each session; one bad session never stops another. */
  async #forEachSession(
    { model }: Parts,
    doing: string,
    ids: readonly string[],
    action: (id: string) => Promise<unknown>,
  ): Promise<void> {
    await mapLimited(ids, MAX_SESSIONS_AT_ONCE, async (id) => {
      const work = this.#attempt(`${doing} session ${id}`, async () => await action(id));
      if (!(await settledWithin(work, SESSION_LIMIT_MS)))
        this.#options.log.warn(`${doing} session ${id} takes long; the others are looked after meanwhile`);
      model.setLive(id, { ...model.live(id), checking: false });
    });
  }
}

/** Shows the next sessions of the index. */
async function loadPage({ store, model }: Parts, after?: SessionKey): Promise<SessionPage> {
  const page = await store.index.listSessions(after);
  model.load(page.sessions); // at once, before anything newer of them is read
  return page;
}

/** Connects to runs that another window started, or that the scan found. */
function watchOpenRuns({ model, connections, watcher }: Parts, sessionId: string): void {
  if (!model.has(sessionId)) return;
  for (const run of model.facts(sessionId).runs) {
    // A queued run has no runner yet.
    if (isOpen(run) && !isQueued(run) && !connections.has(run.runId) && !watcher.isWatching(run.runId))
      void watcher.check(sessionId, run.runId);
  }
}
