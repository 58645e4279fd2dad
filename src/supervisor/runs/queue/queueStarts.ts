import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { isOpen, isQueued } from '../../../storage/sessionState';
import { makePlannedWorktree } from '../../lifecycle/newWorktree';
import { readClaim } from '../../runnerProtocol/claimFile';
import type { StillOwner } from '../../system/locks';
import { failUnstarted } from '../closeRun';
import { endGoneRuns } from '../gone/goneRuns';
import type { RemoteRuns } from '../remote/remoteRuns';
import type { RunnerConnections } from '../runnerConnections';
import { launchRun, type RunStarterOptions } from '../runStarter';
import type { RunWatcher } from '../runWatcher';
import { isSubmitted, noRuns, runsInPlaceOf, type StartedRuns } from './queueHolds';
import { awaitsPerson } from './queuePositions';
import { RunSlots, type Slot } from './runSlots';

export interface QueueStartsOptions extends RunStarterOptions {
  connections: RunnerConnections;
  remoteRuns: RemoteRuns;
  watcher: RunWatcher;
  log: Log;
}

/** Starts runs and knows those that were started, by their slots. To be used under the queue's lock. */
export class QueueStarts {
  readonly #options: QueueStartsOptions;
  readonly #slots: RunSlots;

  constructor(options: QueueStartsOptions) {
    this.#options = options;
    this.#slots = new RunSlots(options.store.paths);
  }

  /** Also starts the run of each slot whose window ended before it could. `attempt` gives `failed` for what throws. */
  async count(
    stillOwner: StillOwner,
    attempt: <T>(sessionId: string, action: () => Promise<T>) => Promise<T | 'failed'>,
  ): Promise<StartedRuns> {
    const { model } = this.#options;
    const started = noRuns();
    for (const slot of await this.#slots.list()) {
      const use = await attempt(slot.sessionId, async () => await this.#useOf(slot, stillOwner));
      if (use === 'none') continue;
      const runs = runsInPlaceOf(model.find(slot.sessionId) ?? {}, started);
      runs.startedIds.add(slot.sessionId); // one of which nothing is known may well be running
      if (use === 'waiting') runs.waitingCount++;
    }
    return started;
  }

  /** As the run's journal has it now. The file stays while a person is waited for, since the run goes on after. */
  async #useOf(slot: Slot, stillOwner: StillOwner): Promise<'running' | 'waiting' | 'none'> {
    const { store, model } = this.#options;
    const facts = await store.sync(slot.sessionId);
    const run = facts?.runs.find(({ runId }) => runId === slot.runId);
    if (facts === undefined || run === undefined || !isOpen(run)) {
      await this.#slots.free(slot.runId);
      return 'none';
    }
    if (isSubmitted(model.live(slot.sessionId), slot.runId)) return 'running';
    if (isQueued(run) && run.stopRequestedAt === undefined && !(await this.isClaimed(slot))) {
      await stillOwner();
      return (await this.tryLaunch(facts, slot.runId)) ? 'running' : 'none';
    }
    // What cannot be told dead from alive holds nobody up, nor does an agent that waits for others.
    if (model.live(slot.sessionId).maybeGone === true || run.waitingFor !== undefined) return 'none';
    return awaitsPerson(run) ? 'waiting' : 'running';
  }

  /**
   * True where a runner has the run, of which no event came yet; perhaps it died at once. A claim that cannot be read
   * throws: another process holds it, so the run is neither started nor closed.
   */
  async isClaimed({ sessionId, runId }: Slot): Promise<boolean> {
    const { store, watcher } = this.#options;
    if ((await readClaim(store.paths.session(sessionId).run(runId))) === undefined) return false;
    await watcher.check(sessionId, runId);
    return true;
  }

  /** True once the run was allowed to start. */
  async hasSlot(runId: string): Promise<boolean> {
    return await this.#slots.has(runId);
  }

  /** False where the run could not be started, which is recorded. */
  async tryLaunch(facts: SessionFacts, runId: string): Promise<boolean> {
    const { sessionId } = facts;
    try {
      await this.launch(facts, { sessionId, runId });
      return true;
    } catch (error) {
      this.#options.log.error(`Starting run ${runId} of session ${sessionId}: ${messageOf(error)}`);
      return false;
    }
  }

  /** One on another host has begun to start when this resolves: nobody here waits for a host. */
  async launch(facts: SessionFacts, slot: Slot): Promise<void> {
    const { store, connections, remoteRuns, watcher } = this.#options;
    await this.#slots.take(slot);
    if (facts.host !== undefined) {
      remoteRuns.begin(facts, slot.runId);
      return;
    }
    try {
      const ready = await this.#prepare(facts, slot.runId);
      const { bootstrap, claim } = await launchRun(this.#options, ready, slot.runId);
      // An agent can end before this window is connected; the check finds out how it ended.
      await connections.connect(bootstrap, claim).catch(() => watcher.check(slot.sessionId, slot.runId));
      await store.sync(slot.sessionId);
    } catch (error) {
      await this.#slots.free(slot.runId);
      throw error;
    }
  }

  async #prepare(facts: SessionFacts, runId: string): Promise<SessionFacts> {
    const { store, git } = this.#options;
    try {
      await endGoneRuns(this.#options, facts);
      return facts.worktree === 'planned' ? await makePlannedWorktree({ store, git }, facts.sessionId) : facts;
    } catch (error) {
      await failUnstarted(store, { sessionId: facts.sessionId, runId }, error);
      throw error;
    }
  }
}
