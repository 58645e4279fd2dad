import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { isId } from '../../storage/ids';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import { isOpen, isQueued, queueRank } from '../../storage/sessionState';
import type { Disposable } from '../../common/disposable';
import { wouldWaitForItself } from '../sessions/dependencies';
import type { Git } from '../git/git';
import { withLock } from '../system/locks';
import { QueuePositions, queuedRun } from './queuePositions';
import { readClaim } from '../runnerProtocol/claimFile';
import { CLAIM_LIMIT_MS } from './runnerLauncher';
import type { RunnerConnections } from './runnerConnections';
import type { Slot } from './runSlots';
import { RunSlots } from './runSlots';
import type { RunStarterOptions } from './runStarter';
import { cancelRun, closeUnstarted, launchRun } from './runStarter';
import type { RunWatcher } from './runWatcher';
import { makePlannedWorktree } from '../lifecycle/sessionCreation';
import type { SessionModel } from '../sessions/sessionModel';
import type { Log } from '../../common/log';

/** Starting one run takes moments; a window that starts many is waited for this long, and again after that. Also one whose runner hangs at its start. */
const LOCK_TIMEOUT_MS = CLAIM_LIMIT_MS + 60_000;

export interface QueueOptions extends RunStarterOptions {
  model: SessionModel;
  connections: RunnerConnections;
  watcher: RunWatcher;
  git: Git;
  isTrusted: () => boolean;
  log: Log;
}

/**
 * Starts the runs that wait, first come, first served, as many side by side as the settings allow. Every window has one; the one that holds the
 * lock starts what can be started, so it makes no difference which windows there are, or that one is killed in the middle.
 */
export class Queue implements Disposable {
  readonly #options: QueueOptions;
  readonly #places: QueuePositions;
  readonly #slots: RunSlots;
  /** Why a session was passed over last, by its id: what lasts is said once. */
  readonly #passedOver = new Map<string, string>();
  #isBegun = false;
  #isDisposed = false;
  #isStarting = false;
  #pass: Promise<void> | undefined;
  /** The pass that starts when the running one is done: whoever asks now wants a look at what waits now. */
  #nextPass: Promise<void> | undefined;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#slots = new RunSlots(options.store.paths);
    this.#places = new QueuePositions({
      ...options,
      onStartable: () => {
        if (this.#isBegun) void this.dispatch();
      },
    });
  }

  /** From now on runs are started as soon as they can be, without anybody asking: every journal was read. */
  enable(): void {
    this.#isBegun = true;
    this.#places.reschedule();
  }

  /** Starts all that can be started now. Never rejects: a run that cannot be started says so itself. */
  dispatch(): Promise<void> {
    if (this.#pass === undefined) {
      this.#pass = this.#startAll()
        .catch((error: unknown) => this.#options.log.warn(`Starting what waits: ${messageOf(error)}`))
        .finally(() => (this.#pass = undefined));
      return this.#pass;
    }
    this.#nextPass ??= this.#pass.then(async () => {
      this.#nextPass = undefined;
      await this.dispatch();
    });
    return this.#nextPass;
  }

  /** Starts a session that waits, whatever it waits for. Throws CONFLICT where it does not wait, or what keeps it from starting. */
  async startNow(sessionId: string): Promise<void> {
    await this.#locked(async (stillOwner) => {
      const { facts, run } = await this.#requireWaiting(sessionId);
      await stillOwner();
      await this.#launch(facts, { sessionId, runId: run.runId });
    });
  }

  /** Gives a session that waits another place; 1 is the next to start. Throws CONFLICT where it does not wait. */
  async move(sessionId: string, position: number): Promise<void> {
    await this.#locked(async () => {
      const { run } = await this.#requireWaiting(sessionId);
      const ranks = this.#places
        .order()
        .filter((each) => each.sessionId !== sessionId)
        .map((each) => queueRank(each.run));
      const index = Math.min(Math.max(Math.round(position) - 1, 0), ranks.length);
      const after = ranks[index];
      // Of those that have the same rank, it goes before all.
      const before = after === undefined ? ranks.at(-1) : ranks.slice(0, index).findLast((rank) => rank < after);
      const rank = after === undefined ? (before ?? queueRank(run)) + 1 : ((before ?? after - 2) + after) / 2;
      await this.#options.store.append(sessionId, () => ({ kind: 'run.moved', data: { runId: run.runId, rank } }));
    });
  }

  /** What a session that waits waits for. Throws SESSION_NOT_FOUND, CONFLICT where it does not wait, INVALID_ARGUMENT where they would wait for each other. */
  async setDependencies(sessionId: string, dependsOn: readonly string[]): Promise<void> {
    const { store, model } = this.#options;
    await this.#locked(async () => {
      await this.#requireWaiting(sessionId);
      for (const id of dependsOn) await requireSession(store, id);
      if (wouldWaitForItself(sessionId, dependsOn, (id) => (model.has(id) ? model.facts(id) : undefined)))
        throw new CorralError('INVALID_ARGUMENT', 'These sessions would wait for each other for ever.');
      await store.append(sessionId, () => ({ kind: 'dependencies.set', data: { dependsOn: [...new Set(dependsOn)] } }));
    });
    await this.dispatch();
  }

  /** Resolves when this window starts nothing any more. */
  async close(): Promise<void> {
    this.dispose();
    // One that only waits for the lock finds that it is not wanted any more.
    if (this.#isStarting) await this.#pass;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#places.dispose();
  }

  async #locked(action: (stillOwner: () => Promise<void>) => Promise<void>): Promise<void> {
    await withLock(this.#options.store.paths.queueLockName, action, { timeoutMs: LOCK_TIMEOUT_MS });
  }

  async #startAll(): Promise<void> {
    const { store, isTrusted } = this.#options;
    if (this.#isDisposed || store.readOnly || this.#places.isEmpty || !isTrusted()) return;
    await this.#locked(async (stillOwner) => {
      if (this.#isDisposed) return;
      this.#isStarting = true;
      await this.#startInOrder(stillOwner).finally(() => (this.#isStarting = false));
    });
  }

  /** The queue's lock is held. */
  async #startInOrder(stillOwner: () => Promise<void>): Promise<void> {
    let taken = await this.#countTaken(stillOwner);
    for (const { sessionId } of this.#places.order()) {
      if (this.#isDisposed) return;
      const next = await this.#unlessItFails(
        sessionId,
        stillOwner,
        async () => await this.#startNext(sessionId, taken, stillOwner),
      );
      if (next === 'full') return;
      if (next === 'started') taken++;
    }
  }

  async #startNext(
    sessionId: string,
    taken: number,
    stillOwner: () => Promise<void>,
  ): Promise<'full' | 'started' | undefined> {
    const { store } = this.#options;
    const facts = await store.sync(sessionId);
    const run = facts === undefined ? undefined : queuedRun(facts);
    if (facts === undefined || run === undefined) return undefined;
    if (run.stopRequestedAt !== undefined) {
      await cancelRun(store, facts, run); // whoever asked for it was cut off in the middle
      return undefined;
    }
    if ((await this.#places.roomHold(taken)) !== undefined) return 'full';
    for (const id of facts.dependsOn ?? []) await store.sync(id);
    if (this.#places.dependencyHold(facts) !== undefined) return undefined;
    await readClaim(store.paths.session(sessionId).run(run.runId)); // one that cannot be read is somebody's: the run is neither started nor closed
    await stillOwner();
    return (await this.#attempt(facts, run.runId)) ? 'started' : undefined;
  }

  /** What is wrong with one session (a journal or a claim that cannot be read, a lock that hangs) is not to stop the others. */
  async #unlessItFails<T>(
    sessionId: string,
    stillOwner: () => Promise<void>,
    action: () => Promise<T>,
  ): Promise<T | 'failed'> {
    try {
      return await action();
    } catch (error) {
      await stillOwner(); // nothing more is started by a window that lost the lock
      const reason = messageOf(error);
      if (this.#passedOver.get(sessionId) !== reason)
        this.#options.log.error(`The queue passes over session ${sessionId}: ${reason}`);
      this.#passedOver.set(sessionId, reason);
      return 'failed';
    }
  }

  /** How many runs are under way. One whose window was killed while it started it is started here. */
  async #countTaken(stillOwner: () => Promise<void>): Promise<number> {
    let taken = 0;
    for (const slot of await this.#slots.list()) {
      // One of which nothing can be told may well be running.
      if (
        (await this.#unlessItFails(slot.sessionId, stillOwner, async () => await this.#isTaken(slot, stillOwner))) !==
        false
      )
        taken++;
    }
    return taken;
  }

  async #isTaken(slot: Slot, stillOwner: () => Promise<void>): Promise<boolean> {
    const { store, watcher } = this.#options;
    const facts = await store.sync(slot.sessionId);
    const run = facts?.runs.find(({ runId }) => runId === slot.runId);
    if (facts === undefined || run === undefined || !isOpen(run)) {
      await this.#slots.free(slot.runId);
      return false;
    }
    if (isQueued(run) && run.stopRequestedAt === undefined) {
      if ((await readClaim(store.paths.session(slot.sessionId).run(slot.runId))) === undefined) {
        await stillOwner();
        return await this.#attempt(facts, slot.runId);
      }
      // Nothing was heard of it yet: perhaps it ended without a word.
      await watcher.check(slot.sessionId, slot.runId);
    }
    return true;
  }

  /** False where the run could not be started, which is recorded. */
  async #attempt(facts: SessionFacts, runId: string): Promise<boolean> {
    const { sessionId } = facts;
    try {
      await this.#launch(facts, { sessionId, runId });
      return true;
    } catch (error) {
      this.#options.log.error(`Starting run ${runId} of session ${sessionId}: ${messageOf(error)}`);
      return false;
    }
  }

  async #launch(facts: SessionFacts, slot: Slot): Promise<void> {
    const { store, connections, watcher } = this.#options;
    await this.#slots.take(slot);
    try {
      const ready = facts.worktree === 'planned' ? await this.#makeWorktree(facts, slot.runId) : facts;
      const { bootstrap, claim } = await launchRun(this.#options, ready, slot.runId);
      // An agent can end faster than this window connects; then a look finds out how.
      await connections.connect(bootstrap, claim).catch(() => watcher.check(slot.sessionId, slot.runId));
      await store.sync(slot.sessionId);
    } catch (error) {
      await this.#slots.free(slot.runId);
      throw error;
    }
  }

  async #makeWorktree(facts: SessionFacts, runId: string): Promise<SessionFacts> {
    const { store, git } = this.#options;
    try {
      return await makePlannedWorktree({ store, git }, facts.sessionId);
    } catch (error) {
      await closeUnstarted(store, facts.sessionId, runId, 'failed', messageOf(error));
      throw error;
    }
  }

  async #requireWaiting(sessionId: string): Promise<{ facts: SessionFacts; run: RunFacts }> {
    const facts = await requireSession(this.#options.store, sessionId);
    const run = queuedRun(facts);
    if (run === undefined) throw new CorralError('CONFLICT', 'This session does not wait for its turn.');
    return { facts, run };
  }
}

async function requireSession(store: RunStarterOptions['store'], sessionId: string): Promise<SessionFacts> {
  const facts = isId(sessionId) ? await store.sync(sessionId) : undefined;
  if (facts === undefined) throw new CorralError('SESSION_NOT_FOUND', `There is no session ${sessionId}.`);
  return facts;
}
