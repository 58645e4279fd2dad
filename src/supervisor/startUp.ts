import { messageOf } from '../common/errors';
import { isOpen, isQueued } from '../storage/sessionState';
import type { RecoveryReport } from './api';
import { Emitter } from '../common/emitter';
import type { Git } from './git/git';
import type { HistoryArchive } from './history/historyArchive';
import { mapLimited } from '../common/mapLimited';
import type { RunnerConnections } from './runs/runnerConnections';
import type { RunWatcher } from './runs/runWatcher';
import type { SessionModel } from './sessions/sessionModel';
import type { SessionStore } from './sessions/sessionStore';
import type { SupervisorSettings } from './settings';
import type { Log } from '../common/log';
import { finishInterruptedOperation, isInterrupted } from './lifecycle/interruptedOperations';

/** Sessions looked at side by side; more would only make the disk seek. */
const PARALLEL = 4;

interface Loaded {
  store: SessionStore;
  model: SessionModel;
  log: Log;
}

/** Runs `action` for each session; one bad session never stops another. */
async function forEachSession(
  { model, log }: Loaded,
  doing: string,
  ids: readonly string[],
  action: (id: string) => Promise<unknown>,
): Promise<void> {
  await mapLimited(ids, PARALLEL, async (id) => {
    await action(id).catch((error: unknown) => {
      log.error(`${doing} session ${id}: ${messageOf(error)}`);
    });
    model.setLive(id, { ...model.live(id), checking: false });
  });
}

/** Brings in what was written while nobody here looked. `onRead` is told how many sessions of how many were read. */
async function scanJournals(options: Loaded, onRead: (read: number, all: number) => void): Promise<void> {
  const { store, log } = options;
  await store.listen();
  const stale = await store.index.findStale();
  let read = 0;
  await mapLimited(stale, PARALLEL, async (id) => {
    await store.sync(id).catch((error: unknown) => {
      log.error(`Reading session ${id}: ${messageOf(error)}`);
    });
    onRead(++read, stale.length);
  });
}

/** Finds out what became of every run that was not seen to end. */
async function recoverRuns(options: Loaded, watcher: RunWatcher): Promise<RecoveryReport> {
  const { model } = options;
  const report: RecoveryReport = { readopted: [], endedWhileAway: [], unreachable: [], restored: [], failed: [] };
  await forEachSession(options, 'Looking after', model.ids(), async (id) => {
    for (const { runId } of model.facts(id).runs.filter(isOpen)) {
      const resolution = await watcher.look(id, runId);
      if (resolution === undefined) report.failed.push(id);
      else if (resolution.kind === 'readopted') report.readopted.push(id);
      else if (resolution.kind === 'ended') report.endedWhileAway.push(id);
      else if (resolution.kind === 'unreachable') report.unreachable.push(id);
      else if (resolution.kind === 'closed') (resolution.restored ? report.restored : report.failed).push(id);
    }
  });
  return report;
}

export interface StartUpOptions {
  store: Promise<SessionStore>;
  archive: Promise<HistoryArchive>;
  model: SessionModel;
  connections: RunnerConnections;
  watcher: RunWatcher;
  git: Git;
  log: Log;
  autoRecover: boolean;
  isTrusted: () => boolean;
  settings: () => SupervisorSettings;
  onListenerError: (error: unknown) => void;
}

/** From the first look at the store to the moment when every run's fate is known; after that, every run that comes to light is looked after. */
export class StartUp {
  readonly recovered: Emitter<RecoveryReport>;
  /** The journals of so many of the sessions that changed while nobody here looked have been read. */
  readonly scanned: Emitter<{ read: number; all: number }>;
  /** The list is known. Where the index is gone that is its first session; then it grows. */
  readonly listed: Promise<void>;
  /** Every journal was read to its end. */
  readonly read: Promise<void>;
  readonly complete: Promise<void>;
  readonly #options: StartUpOptions;
  /** From the end of start-up on: before it, start-up itself looks after open runs, a few at a time. */
  #isWatching = false;

  constructor(options: StartUpOptions) {
    this.#options = options;
    const { store, model, log, onListenerError } = options;
    this.recovered = new Emitter(onListenerError);
    this.scanned = new Emitter(onListenerError);
    model.changed.event(({ sessionIds }) => {
      sessionIds.forEach((id) => {
        this.#watchOpenRuns(id);
      });
    });
    const loaded = store.then(async (opened) => {
      model.load(await opened.index.listSessions());
      return { store: opened, model, log };
    });
    this.read = loaded.then(async (all) => {
      await scanJournals(all, (read, count) => {
        this.scanned.fire({ read, all: count });
      });
    });
    // A list that is empty because its index is gone is not shown before the first journals were read.
    this.listed = loaded.then(async () => {
      await Promise.race([this.read, model.untilAny()]);
    });
    this.complete = this.read.then(async () => {
      await this.#recover(await loaded);
    });
    this.complete.catch((error: unknown) => {
      log.error(`Start-up: ${messageOf(error)}`);
    });
    this.listed.catch(() => undefined); // every method that waits for it hears of it
  }

  dispose(): void {
    this.#isWatching = false;
    this.recovered.dispose();
    this.scanned.dispose();
  }

  async #recover(loaded: Loaded): Promise<void> {
    const { model, watcher, git, archive, autoRecover, isTrusted, settings } = this.#options;
    if (!autoRecover || loaded.store.readOnly) {
      for (const id of model.ids()) model.setLive(id, { checking: false });
      return;
    }
    const report = await recoverRuns(loaded, watcher);
    this.#isWatching = true;
    for (const id of model.ids()) this.#watchOpenRuns(id); // what came in meanwhile
    this.recovered.fire(report);
    await (await archive).finishErasing();
    const interrupted = model.ids().filter((id) => isInterrupted(model.facts(id)));
    if (!isTrusted()) return;
    await forEachSession(loaded, 'Finishing what was begun on', interrupted, async (id) => {
      await finishInterruptedOperation({ git, store: loaded.store, settings }, id);
    });
  }

  /** Runs that another window started, or that came to light while scanning, get a line of their own here too. */
  #watchOpenRuns(sessionId: string): void {
    const { model, connections, watcher } = this.#options;
    if (!this.#isWatching || !model.has(sessionId)) return;
    for (const run of model.facts(sessionId).runs) {
      // One that waits has nothing to connect to yet.
      if (isOpen(run) && !isQueued(run) && !connections.has(run.runId) && !watcher.isWatching(run.runId))
        void watcher.look(sessionId, run.runId);
    }
  }
}
