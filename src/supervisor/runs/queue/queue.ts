import * as l10n from '@vscode/l10n';
import type { Disposable } from '../../../common/disposable';
import { messageOf } from '../../../common/errors';
import { isQueued } from '../../../storage/sessionState';
import { CorralError } from '../../../storage/errors';
import { wouldWaitForItself } from '../../sessions/dependencies';
import { requireSession } from '../../sessions/sessionErrors';
import { withLock, type StillOwner } from '../../system/locks';
import { StuckLockError } from '../../system/stuckLock';
import { cancelRun, closeRun, requestedClosing } from '../closeRun';
import { CLAIM_LIMIT_MS } from '../runnerLauncher';
import { hostHold, queueHold, runsInPlaceOf, sessionHold, type QueueSituation, type StartedRuns } from './queueHolds';
import { queuedRun, QueuePositions, requireQueued } from './queuePositions';
import { QueueStarts, type QueueStartsOptions } from './queueStarts';

/** Enough for another window that starts many runs, also where one of its runners hangs at its start. */
const LOCK_TIMEOUT_MS = CLAIM_LIMIT_MS + 60_000;

export interface QueueOptions extends QueueStartsOptions {
  limitStaggerMs: number;
  isTrusted: () => boolean;
  /** False where only other processes start runs. */
  startsRuns: boolean;
}

/**
 * Starts queued runs in their order, as many side by side as the settings allow.
 * Every window has a queue, and the one that holds the lock starts what can be started.
 */
export class Queue implements Disposable {
  readonly #options: QueueOptions;
  readonly #positions: QueuePositions;
  readonly #starts: QueueStarts;
  /** Session id → why it was skipped last, so that a lasting reason is logged once. */
  readonly #skipReasons = new Map<string, string>();
  /** Why the last pass failed. */
  #failure: string | undefined;
  #isEnabled = false;
  #isDisposed = false;
  #isStarting = false;
  #pass: Promise<void> | undefined;
  /** Follows the pass under way, which may not see what was queued meanwhile. */
  #nextPass: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#starts = new QueueStarts(options);
    this.#positions = new QueuePositions({
      ...options,
      hosts: options.remoteRuns,
      onStartable: () => {
        if (this.#isEnabled) void this.dispatch();
      },
    });
  }

  /** From now on runs start by themselves as soon as they can. Call it when every journal is read. */
  enable(): void {
    this.#isEnabled = true;
    this.#positions.refresh();
  }

  /** To be called when a run is going to be queued. Where it would start at once, a runner is made ready for it. */
  expectRun(): void {
    if (this.#options.startsRuns && this.#positions.hasRoom) this.#options.launcher.prepare().catch(() => undefined);
  }

  /** Starts all that can be started now. Never rejects: a run that cannot be started has that in its record. */
  dispatch(): Promise<void> {
    if (this.#pass === undefined) {
      this.#pass = this.#startAll()
        .then(
          () => undefined,
          (error: unknown) => error,
        )
        .then((error) => this.#noteFailure(error))
        .finally(() => (this.#pass = undefined));
      return this.#pass;
    }
    this.#nextPass ??= this.#pass.then(async () => {
      this.#nextPass = undefined;
      await this.dispatch();
    });
    return this.#nextPass;
  }

  /**
   * Starts a queued session, whatever holds it.
   * @throws CorralError CONFLICT where it is not queued, or why it cannot be started
   */
  async startNow(sessionId: string): Promise<void> {
    await this.#locked(async (stillOwner) => {
      const { facts, run } = await requireQueued(this.#options.store, sessionId);
      if (await this.#starts.isClaimed({ sessionId, runId: run.runId })) return;
      await stillOwner();
      await this.#starts.launch(facts, { sessionId, runId: run.runId });
    });
  }

  /** Ends a queued run of a host, whose end was asked for, where nobody has begun to start it there. */
  async withdraw(sessionId: string, runId: string): Promise<void> {
    const { store } = this.#options;
    await this.#locked(async () => {
      const run = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
      if (run !== undefined && isQueued(run) && !(await this.#starts.hasSlot(runId)))
        await closeRun(store, { sessionId, runId }, requestedClosing);
    });
  }

  /**
   * Gives a queued session another position; 1 is the next to start.
   * @throws CorralError CONFLICT where it is not queued
   */
  async move(sessionId: string, position: number): Promise<void> {
    await this.#locked(async () => {
      const { run } = await requireQueued(this.#options.store, sessionId);
      const rank = this.#positions.rankAt(position, { sessionId, run });
      await this.#options.store.append(sessionId, () => ({ kind: 'run.moved', data: { runId: run.runId, rank } }));
    });
  }

  /**
   * Sets the sessions that have to complete before a queued one starts.
   * @throws CorralError SESSION_NOT_FOUND, CONFLICT where it is not queued, INVALID_ARGUMENT for a circle
   */
  async setDependencies(sessionId: string, dependsOn: readonly string[]): Promise<void> {
    const { store, model } = this.#options;
    await this.#locked(async () => {
      await requireQueued(store, sessionId);
      for (const id of dependsOn) await requireSession(store, id);
      if (wouldWaitForItself(sessionId, dependsOn, (id) => model.find(id)))
        throw new CorralError('INVALID_ARGUMENT', l10n.t('These sessions would wait for each other forever.'));
      await store.append(sessionId, () => ({ kind: 'dependencies.set', data: { dependsOn: [...new Set(dependsOn)] } }));
    });
    await this.dispatch();
  }

  /** Resolves when this window starts nothing any more. */
  async close(): Promise<void> {
    this.dispose();
    // A pass that still waits for the lock ends by itself once it has it.
    if (this.#isStarting) await this.#pass;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#positions.dispose();
  }

  async #locked(action: (stillOwner: StillOwner) => Promise<void>): Promise<void> {
    await withLock(this.#options.store.paths.queueLockName, action, { timeoutMs: LOCK_TIMEOUT_MS });
  }

  async #startAll(): Promise<void> {
    const { store, isTrusted, startsRuns } = this.#options;
    if (!startsRuns || this.#isDisposed || store.readOnly || this.#positions.isEmpty || !isTrusted()) return;
    await this.#locked(async (stillOwner) => {
      if (this.#isDisposed) return;
      this.#isStarting = true;
      await this.#startInOrder(stillOwner).finally(() => (this.#isStarting = false));
    });
  }

  async #startInOrder(stillOwner: StillOwner): Promise<void> {
    const started = await this.#starts.count(
      stillOwner,
      async (id, action) => await this.#skipOnError(id, stillOwner, action),
    );
    const { model } = this.#options;
    let isHeldHere = false;
    for (const { sessionId, run } of this.#positions.order()) {
      if (this.#isDisposed) return;
      const facts = model.find(sessionId);
      if (facts === undefined) continue;
      const isHeld =
        facts.host === undefined
          ? isHeldHere
          : run.stopRequestedAt === undefined && hostHold(facts.host.name, this.#situation(started)) !== undefined;
      if (isHeld) continue;
      const result = await this.#skipOnError(sessionId, stillOwner, () =>
        this.#startNext(sessionId, started, stillOwner),
      );
      if (result === 'held') isHeldHere = true;
      if (result === 'started') runsInPlaceOf(facts, started).startedIds.add(sessionId);
    }
  }

  #noteFailure(error: unknown): void {
    const failure = error === undefined ? undefined : messageOf(error);
    if (failure !== undefined && failure !== this.#failure) this.#options.log.warn(`Starting what waits: ${failure}`);
    this.#failure = failure;
    this.#positions.setStuck(error instanceof StuckLockError);
  }

  /** `held`: nothing else may start on this computer either. */
  async #startNext(
    sessionId: string,
    started: StartedRuns,
    stillOwner: StillOwner,
  ): Promise<'held' | 'started' | 'skipped'> {
    const { store, model } = this.#options;
    const facts = await store.sync(sessionId);
    const run = facts === undefined ? undefined : queuedRun(facts);
    if (facts === undefined || run === undefined) return 'skipped';
    if (run.stopRequestedAt !== undefined) {
      // The window that was asked to stop it ended before it could. On a host, that is asked first.
      if (facts.host === undefined) await cancelRun(store, facts, run);
      else await this.#options.watcher.check(sessionId, run.runId);
      return 'skipped';
    }
    const situation = this.#situation(started);
    if (facts.host === undefined && (await queueHold(situation)) !== undefined) return 'held';
    if (facts.host !== undefined && hostHold(facts.host.name, situation) !== undefined) return 'skipped';
    for (const id of facts.dependsOn ?? []) await store.sync(id);
    const limits = this.#positions.limits(started);
    if (sessionHold(facts, (id) => model.find(id), limits) !== undefined) return 'skipped';
    if (await this.#starts.isClaimed({ sessionId, runId: run.runId })) return 'skipped';
    await stillOwner();
    return (await this.#starts.tryLaunch(facts, run.runId)) ? 'started' : 'skipped';
  }

  #situation(started: StartedRuns): QueueSituation {
    const { settings, remoteRuns, isTrusted } = this.#options;
    return { ...started, settings: settings(), hosts: remoteRuns, isTrusted: isTrusted() };
  }

  /** What is wrong with one session, such as a journal that cannot be read, must not stop the others. */
  async #skipOnError<T>(sessionId: string, stillOwner: StillOwner, action: () => Promise<T>): Promise<T | 'failed'> {
    try {
      return await action();
    } catch (error) {
      await stillOwner(); // nothing more is started by a window that lost the lock
      const reason = messageOf(error);
      if (this.#skipReasons.get(sessionId) !== reason)
        this.#options.log.error(`The queue skips session ${sessionId}: ${reason}`);
      this.#skipReasons.set(sessionId, reason);
      return 'failed';
    }
  }
}
