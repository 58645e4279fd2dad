import { messageOf } from '../common/errors';
import { Emitter } from '../common/emitter';
import type { Log } from '../common/log';
import { mapLimited } from '../common/mapLimited';
import { isMarkedGone, isOpen, isQueued } from '../storage/sessionState';
import type { RecoveryReport } from './api';
import { finishInterruptedOperation, isInterrupted } from './lifecycle/interruptedOperations';
import type { Parts } from './parts';
import type { WorktreeSettings } from './settings';

/** More would only make the disk seek. */
const MAX_SESSIONS_AT_ONCE = 4;

export interface StartUpOptions {
  log: Log;
  autoRecover: boolean;
  isTrusted: () => boolean;
  worktreeSettings: (repository: string) => WorktreeSettings;
  onListenerError: (error: unknown) => void;
}

/** Reads what changed while no window was open, and finds out what became of every open run. */
export class StartUp {
  readonly recovered: Emitter<RecoveryReport>;
  /** So many of the sessions that changed since the last checkpoint have been read. */
  readonly scanned: Emitter<{ read: number; all: number }>;
  /** Resolves when the list of sessions is known. Where the index is gone, that is its first session. */
  readonly listed: Promise<Parts>;
  /** Resolves when every journal has been read to its end. */
  readonly read: Promise<Parts>;
  /** Resolves when the fate of every open run is known, and interrupted operations are finished. */
  readonly complete: Promise<Parts>;
  /** Resolves when start-up has ended, also where it failed. */
  readonly settled: Promise<void>;
  readonly #options: StartUpOptions;

  constructor(opening: Promise<Parts>, options: StartUpOptions) {
    this.#options = options;
    this.recovered = new Emitter(options.onListenerError);
    this.scanned = new Emitter(options.onListenerError);
    const loaded = opening.then(async (parts) => {
      parts.model.load(await parts.store.index.listSessions());
      return parts;
    });
    this.read = loaded.then(async (parts) => await this.#scanJournals(parts));
    // Where the index is gone the list is empty at first, and must not be shown so.
    this.listed = loaded.then(async (parts) => {
      await Promise.race([this.read, parts.model.untilAny()]);
      return parts;
    });
    this.complete = this.read.then(async (parts) => {
      parts.queue.enable();
      await this.#recover(parts);
      return parts;
    });
    this.settled = Promise.all([this.listed, this.complete]).then(
      () => undefined,
      (error: unknown) => options.log.error(`Start-up: ${messageOf(error)}`),
    );
  }

  dispose(): void {
    this.recovered.dispose();
    this.scanned.dispose();
  }

  /** Reads what was written since the last checkpoint. */
  async #scanJournals(parts: Parts): Promise<Parts> {
    const { store } = parts;
    await store.listen();
    const stale = await store.index.findStale();
    let read = 0;
    await mapLimited(stale, MAX_SESSIONS_AT_ONCE, async (id) => {
      await store.sync(id).catch((error: unknown) => {
        this.#options.log.error(`Reading session ${id}: ${messageOf(error)}`);
      });
      this.scanned.fire({ read: ++read, all: stale.length });
    });
    return parts;
  }

  async #recover(parts: Parts): Promise<void> {
    const { model, store, git, archive } = parts;
    const { autoRecover, isTrusted, worktreeSettings } = this.#options;
    if (!autoRecover || store.readOnly) {
      for (const id of model.ids()) model.setLive(id, { checking: false });
      return;
    }
    const report = await this.#recoverRuns(parts);
    model.changed.event(({ sessionIds }) => {
      for (const id of sessionIds) watchOpenRuns(parts, id);
    });
    for (const id of model.ids()) watchOpenRuns(parts, id); // of sessions that came meanwhile
    this.recovered.fire(report);
    await archive.finishErasing();
    if (!isTrusted()) return;
    await parts.repositories.refreshAll();
    const interrupted = model.ids().filter((id) => isInterrupted(model.facts(id)));
    await this.#forEachSession(parts, 'Finishing what was begun on', interrupted, async (id) => {
      await finishInterruptedOperation({ git, store, worktreeSettings }, id);
    });
  }

  /** Finds out what became of every open run. */
  async #recoverRuns(parts: Parts): Promise<RecoveryReport> {
    const { model, watcher } = parts;
    const report: RecoveryReport = { readopted: [], endedWhileAway: [], unreachable: [], restored: [], failed: [] };
    await this.#forEachSession(parts, 'Looking after', model.ids(), async (id) => {
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

  /** Runs `action` for each session; one bad session never stops another. */
  async #forEachSession(
    { model }: Parts,
    doing: string,
    ids: readonly string[],
    action: (id: string) => Promise<unknown>,
  ): Promise<void> {
    await mapLimited(ids, MAX_SESSIONS_AT_ONCE, async (id) => {
      await action(id).catch((error: unknown) => {
        this.#options.log.error(`${doing} session ${id}: ${messageOf(error)}`);
      });
      model.setLive(id, { ...model.live(id), checking: false });
    });
  }
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
