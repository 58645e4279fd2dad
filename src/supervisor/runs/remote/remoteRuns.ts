import * as l10n from '@vscode/l10n';
import type { Disposable } from '../../../common/disposable';
import { Emitter } from '../../../common/emitter';
import { messageOf } from '../../../common/errors';
import type { Log } from '../../../common/log';
import type { AttachmentReference } from '../../../storage/attachments';
import { CorralError } from '../../../storage/errors';
import { hasWorktree, isOpen, isQueued } from '../../../storage/sessionState';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import { hasJobEnded } from '../../hostProtocol/jobs';
import type { FoundRun } from '../../hostProtocol/sessionRequests';
import type { Hosts } from '../../hosts/hosts';
import type { HostState } from '../../system/hostConnection';
import { closeRun, failUnstarted, requestedClosing } from '../closeRun';
import type { QueueHosts } from '../queue/queueHolds';
import { RunSlots } from '../queue/runSlots';
import type { Resolution } from '../recovery';
import type { RunnerConnections } from '../runnerConnections';
import type { RunRequest, RunStarterOptions } from '../runStarter';
import { cancelRun, endRun, endServers, findRun, giveUpRun, type RunIds } from './hostRuns';
import { HostStores, type OpenHost } from './hostStores';
import { closingOfFound, recordJobEnd } from './jobs/jobEnd';
import { JobWatch } from './jobs/jobWatch';
import { RunMirrors } from './mirror/runMirrors';
import { findShownHost, showHost } from './shownHost';

export interface RemoteRunsOptions extends RunStarterOptions {
  hosts: Hosts;
  connections: RunnerConnections;
  log: Log;
}

type RemoteRunIds = Pick<RunFacts, 'runId' | 'ordinal'>;

/**
 * The runs of sessions on other hosts, and their copies here. A run's host decides what became of it; where that is out
 * of reach, nothing is concluded.
 */
export class RemoteRuns implements Disposable, QueueHosts {
  /** Its host came or went, so that the run is to be checked. */
  readonly affected: Emitter<{ sessionId: string; runId: string }>;
  readonly stores: HostStores;
  readonly #options: RemoteRunsOptions;
  readonly mirrors: RunMirrors;
  /** By run id. */
  readonly #starting = new Map<string, Promise<void>>();
  readonly #slots: RunSlots;
  readonly #jobs: JobWatch;

  constructor(options: RemoteRunsOptions) {
    this.#options = options;
    this.stores = new HostStores(options);
    this.#slots = new RunSlots(options.store.paths);
    this.affected = new Emitter((error) => options.log.error(`After a host came or went: ${messageOf(error)}`));
    options.hosts.pool.changed.event(({ name, state }) => this.#noteState(name, state));
    const parts = { ...options, stores: this.stores, slots: this.#slots };
    const onAffected = (run: { sessionId: string; runId: string }): void => this.affected.fire(run);
    this.mirrors = new RunMirrors({ ...parts, onAffected });
    this.#jobs = new JobWatch({ ...parts, onAffected });
  }

  /** Connects to the session's host, if it works on one. @throws CorralError HOST_… where that is not possible now */
  async reach(facts: SessionFacts): Promise<void> {
    if (facts.host !== undefined) await this.stores.require(facts);
  }

  /**
   * Records the session's next run, as `queueRun` does. Unless that waits for the end of a usage limit, its host has to
   * be connected: nothing is queued for one that is away.
   */
  async queue(facts: SessionFacts, request: RunRequest): Promise<string> {
    if (request.waitsFor === undefined) await this.reach(facts);
    const { queueRemoteRun } = await import('./queueRemoteRun');
    return await queueRemoteRun(this.#options, facts, request);
  }

  /** Sends files that are staged here to the session's host, if that is another one, before a message names them. */
  async carryAttachments(facts: SessionFacts, attachments: readonly AttachmentReference[]): Promise<void> {
    if (facts.host === undefined) return;
    const { carryAttachments } = await import('./queueRemoteRun');
    await carryAttachments(this.#options.store, await this.stores.require(facts), facts.sessionId, attachments);
  }

  /** Starts a run of the session that has a slot, unless that is under way. It waits for a host that has gone away. */
  begin(facts: SessionFacts, runId: string): void {
    if (this.#starting.has(runId)) return;
    const { sessionId } = facts;
    const starting = this.#startRun(facts, runId)
      .catch((error: unknown) => {
        if (error instanceof CorralError && error.code === 'HOST_UNREACHABLE') this.affected.fire({ sessionId, runId });
        else this.#options.log.error(`Starting run ${runId} of session ${sessionId}: ${messageOf(error)}`);
      })
      .finally(() => this.#starting.delete(runId));
    this.#starting.set(runId, starting);
  }

  /** Settles when nothing is under way to start the run. */
  async begun(runId: string): Promise<void> {
    await this.#starting.get(runId);
  }

  async #startRun({ sessionId }: SessionFacts, runId: string): Promise<void> {
    const facts = await this.#options.store.sync(sessionId);
    const run = facts?.runs.find((each) => each.runId === runId);
    const isWanted = run !== undefined && isOpen(run) && run.stopRequestedAt === undefined;
    if (facts !== undefined && isWanted) await this.#launch(facts, run);
  }

  /** As `QueueHosts`. Begins to connect where nothing was needed of the host in this window before. */
  holdOf(name: string): string | undefined {
    const { hosts } = this.#options;
    try {
      hosts.settingOf(name);
    } catch (error) {
      return messageOf(error);
    }
    const state = hosts.pool.stateOf(name);
    if (state === undefined) void hosts.pool.connection(name).catch(() => undefined);
    return state?.kind === 'connected' ? undefined : l10n.t('the host “{name}” is not connected', { name });
  }

  /** As `QueueHosts`, of one without a hold. */
  limitOf(name: string): number | undefined {
    const { slurm, maxConcurrentRuns } = this.#options.hosts.settingOf(name);
    return slurm === undefined ? maxConcurrentRuns : undefined; // its scheduler limits them
  }

  /** Starts the teardown command in the session's worktree, and answers with its run's id. Throws as `start`. */
  async startTeardown(facts: SessionFacts): Promise<string> {
    const { recordRemoteTeardown } = await import('./queueRemoteRun');
    const run = await recordRemoteTeardown(this.#options, facts);
    await this.#launch(facts, run);
    return run.runId;
  }

  async #launch(facts: SessionFacts, run: RemoteRunIds): Promise<void> {
    const { sessionId } = facts;
    const { runId } = run;
    const host = await this.stores.require(facts);
    showHost(this.#options.model, sessionId, host.connection.state);
    this.mirrors.noteBegun(facts, runId);
    const found = await this.#start(host, facts, run);
    await this.mirrors.open(facts, runId);
    if (found.claim?.state !== 'claimed') return;
    // An agent can end before this window is connected to its runner.
    const checkLater = (): void => this.affected.fire({ sessionId, runId });
    await this.#connect(host, facts, runId, found).catch(checkLater);
  }

  /** What became of a run, as its host tells; `unreachable` where that is not connected. */
  async resolve(facts: SessionFacts, runId: string): Promise<Resolution> {
    const { store } = this.#options;
    const { sessionId } = facts;
    const run = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    if (run === undefined) return { kind: 'ended' };
    const mirror = await this.mirrors.open(facts, runId);
    if (!isOpen(run)) return { kind: 'ended' };
    const host = await findShownHost({ ...this.#options, stores: this.stores }, facts);
    if (host === undefined) return { kind: 'unreachable' };
    let found = await this.#find(host, facts, runId);
    if (found.claim === null) {
      if (run.stopRequestedAt !== undefined) {
        await this.#cancel(host, facts, run);
        return { kind: 'ended' };
      }
      if (found.job === undefined) {
        if (isQueued(run) && !(await this.#slots.has(runId))) return { kind: 'waiting' };
        found = await this.#start(host, facts, run);
      }
      if (found.job !== undefined && !hasJobEnded(found.job)) return { kind: 'waiting' };
      // From now on no runner can begin, whatever a scheduler does.
      if (found.claim === null) found = await cancelRun(host, this.#ids(facts, runId), 'Its job ended before it began');
    }
    if (found.claim?.state !== 'claimed') return await this.#close(facts, run, found);
    if (found.liveness === 'unknown' && found.job?.state === 'NODE_FAIL') return { kind: 'unreachable' };
    if (found.liveness !== 'dead') {
      try {
        await this.#connect(host, facts, runId, found);
        // Whoever asked for its end could not tell it.
        const method = run.killRequested === true ? 'kill' : 'stop';
        if (run.stopRequestedAt !== undefined) await this.#options.connections.request(runId, method, {});
        return { kind: 'readopted' };
      } catch (error) {
        found = await this.#find(host, facts, runId);
        if (found.liveness !== 'dead') {
          this.#options.log.warn(`The runner of run ${runId} on “${host.name}” does not answer: ${messageOf(error)}`);
          return { kind: 'unreachable' };
        }
      }
    }
    mirror.setFinal(found.journalBytes);
    if (!(await this.mirrors.untilJournal(facts, runId, found.journalBytes))) return { kind: 'unreachable' };
    const last = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    if (last === undefined || !isOpen(last)) return { kind: 'ended' };
    await endRun(host, this.#ids(facts, runId), 0);
    return await this.#close(facts, last, found);
  }

  /** Takes a queued run out of the queue. False where its host was quicker to start it. */
  async cancel(facts: SessionFacts, run: RunFacts): Promise<boolean> {
    return await this.#cancel(await this.stores.require(facts), facts, run);
  }

  /** Ends the processes of a run there. @throws CorralError HOST_UNREACHABLE, HOST_FAILED */
  async end(facts: SessionFacts, runId: string, graceMs: number): Promise<void> {
    await endRun(await this.stores.require(facts), this.#ids(facts, runId), graceMs);
  }

  /** Takes a person's word that a run is gone, which its runner hears where it lives. Throws as `end`. */
  async markGone(facts: SessionFacts, runId: string): Promise<void> {
    await giveUpRun(await this.stores.require(facts), this.#ids(facts, runId));
  }

  /** Ends what setup commands of the session left running there. Throws as `end`. */
  async endServers(facts: SessionFacts, graceMs: number): Promise<void> {
    const { storeId } = this.#options.store;
    await endServers(await this.stores.require(facts), { storeId, sessionId: facts.sessionId }, graceMs);
  }

  dispose(): void {
    this.affected.dispose();
    this.#jobs.dispose();
    this.mirrors.dispose();
  }

  #noteState(name: string, state: HostState): void {
    for (const { sessionId, runs } of this.#options.model.onHost(name)) {
      showHost(this.#options.model, sessionId, state);
      if (state.kind !== 'connecting')
        for (const { runId } of runs.filter(isOpen)) this.affected.fire({ sessionId, runId });
    }
  }

  async #start(host: OpenHost, facts: SessionFacts, run: RemoteRunIds): Promise<FoundRun> {
    const { startRemoteRun } = await import('./queueRemoteRun');
    try {
      const ready = hasWorktree(facts) ? facts : await this.#makePlanned(host, facts, run.runId);
      const found = await startRemoteRun(this.#options, host, ready, run);
      this.#jobs.show(facts, run.runId, found);
      return found;
    } catch (error) {
      // Nobody knows then whether it was started: the next look tells.
      if (host.connection.state.kind === 'connected')
        await failUnstarted(this.#options.store, { sessionId: facts.sessionId, runId: run.runId }, error);
      throw error;
    }
  }

  async #makePlanned(host: OpenHost, facts: SessionFacts, runId: string): Promise<SessionFacts> {
    const { makePlannedOnHost } = await import('./remoteWorktreeCreation');
    return await makePlannedOnHost(this.#options, host, facts.sessionId, runId);
  }

  async #find(host: OpenHost, facts: SessionFacts, runId: string): Promise<FoundRun> {
    const found = await findRun(host, this.#ids(facts, runId));
    if (found.claim !== null || found.job !== undefined) this.mirrors.noteBegun(facts, runId);
    this.#jobs.show(facts, runId, found);
    return found;
  }

  async #connect(host: OpenHost, facts: SessionFacts, runId: string, found: FoundRun): Promise<void> {
    const { connections, store } = this.#options;
    if (connections.has(runId) || found.claim?.state !== 'claimed') return;
    const { readRemoteRun } = await import('./queueRemoteRun');
    const { sessionId } = facts;
    const { nonce } = (await readRemoteRun(store.paths.session(sessionId).run(runId))).run;
    const { connectToRun } = await import('./jobs/nodeStreams');
    const endpoint = await connectToRun(host.connection, found, found.claim.endpoint);
    await connections.connect({ sessionId, runId, nonce }, { endpoint });
  }

  async #cancel(host: OpenHost, facts: SessionFacts, run: RunFacts): Promise<boolean> {
    const { store } = this.#options;
    const closing = requestedClosing(run);
    const { claim } = await cancelRun(host, this.#ids(facts, run.runId), closing.evidence);
    if (claim?.state === 'claimed') return false;
    await closeRun(store, { sessionId: facts.sessionId, runId: run.runId }, () => closing);
    return true;
  }

  #ids({ sessionId }: SessionFacts, runId: string): RunIds {
    return { storeId: this.#options.store.storeId, sessionId, runId };
  }

  async #close({ sessionId }: SessionFacts, { runId }: RunFacts, found: FoundRun): Promise<Resolution> {
    const { store, settings } = this.#options;
    let restored = false;
    const isRecorded = await closeRun(store, { sessionId, runId }, (run) => {
      const closing = closingOfFound(run, found, settings().recoveryPolicy);
      restored = closing.restored;
      return closing;
    });
    if (found.job !== undefined) await recordJobEnd(store, { sessionId, runId }, found.job);
    return isRecorded ? { kind: 'closed', restored } : { kind: 'ended' };
  }
}
