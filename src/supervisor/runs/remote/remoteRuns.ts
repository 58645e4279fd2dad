import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../../../common/disposable';
import { Emitter } from '../../../common/emitter';
import { messageOf } from '../../../common/errors';
import { ifExists } from '../../../common/ifExists';
import type { Log } from '../../../common/log';
import { CorralError } from '../../../storage/errors';
import { isOpen } from '../../../storage/sessionState';
import type { RunFacts, SessionFacts } from '../../../storage/sessionFacts';
import { exists } from '../../git/worktreeOwnership';
import type { FoundRun } from '../../hostProtocol/sessionRequests';
import type { Hosts } from '../../hosts/hosts';
import type { HostState } from '../../system/hostConnection';
import { closeRun, failUnstarted, requestedClosing } from '../closeRun';
import { closingOf, type Resolution } from '../recovery';
import type { RunnerConnections } from '../runnerConnections';
import type { RunRequest, RunStarterOptions } from '../runStarter';
import { cancelRun, endRun, endServers, findRun, type RunIds } from './hostRuns';
import { HostStores, type OpenHost } from './hostStores';
import type { RunMirror } from './mirror/runMirror';

/** For a copy of what a dead runner had written. */
const LAST_BYTES_LIMIT_MS = 10_000;
const POLL_MS = 100;

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
export class RemoteRuns implements Disposable {
  /** Its host came or went, so that the run is to be checked. */
  readonly affected: Emitter<{ sessionId: string; runId: string }>;
  readonly stores: HostStores;
  readonly #options: RemoteRunsOptions;
  /** By run id. */
  readonly #mirrors = new Map<string, Promise<RunMirror>>();
  #isDisposed = false;

  constructor(options: RemoteRunsOptions) {
    this.#options = options;
    this.stores = new HostStores(options);
    this.affected = new Emitter((error) => options.log.error(`After a host came or went: ${messageOf(error)}`));
    options.hosts.pool.changed.event(({ name, state }) => this.#noteState(name, state));
  }

  /** Connects to the session's host. @throws CorralError HOST_… where that is not possible now */
  async reach(facts: SessionFacts): Promise<void> {
    await this.stores.require(facts);
  }

  /** Records the session's next run, as `queueRun` does, while its host is connected. */
  async queue(facts: SessionFacts, request: RunRequest): Promise<string> {
    await this.reach(facts);
    const { queueRemoteRun } = await import('./queueRemoteRun');
    return await queueRemoteRun(this.#options, facts, request);
  }

  /**
   * Starts the session's queued run. Where the connection is lost meanwhile, it waits for its host.
   * @throws CorralError why it could not be started, which is recorded then
   */
  async start(facts: SessionFacts, run: RemoteRunIds): Promise<void> {
    try {
      await this.#launch(facts, run);
    } catch (error) {
      if (!(error instanceof CorralError) || error.code !== 'HOST_UNREACHABLE') throw error;
      this.affected.fire({ sessionId: facts.sessionId, runId: run.runId });
    }
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
    this.#showState(sessionId, host.connection.state);
    const { claim } = await this.#start(host, facts, run);
    await this.mirror(facts, runId);
    if (claim?.state !== 'claimed') return;
    // An agent can end before this window is connected to its runner.
    const checkLater = (): void => this.affected.fire({ sessionId, runId });
    await this.#connect(host, facts, runId, claim.endpoint).catch(checkLater);
  }

  /** What became of a run, as its host tells; `unreachable` where that is not connected. */
  async resolve(facts: SessionFacts, runId: string): Promise<Resolution> {
    const { store } = this.#options;
    const { sessionId } = facts;
    const run = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    if (run === undefined) return { kind: 'ended' };
    const mirror = await this.mirror(facts, runId);
    if (!isOpen(run)) return { kind: 'ended' };
    const host = await this.stores.find(facts);
    if (host === undefined) return { kind: 'unreachable' };
    this.#showState(sessionId, host.connection.state);
    let found = await findRun(host, this.#ids(facts, runId));
    if (found.claim === null) {
      if (run.stopRequestedAt !== undefined) {
        await this.#cancel(host, facts, run);
        return { kind: 'ended' };
      }
      found = await this.#start(host, facts, run);
    }
    if (found.claim?.state !== 'claimed') return await this.#close(facts, run, voidEvidence(found));
    if (found.liveness !== 'dead') {
      try {
        await this.#connect(host, facts, runId, found.claim.endpoint);
        return { kind: 'readopted' };
      } catch (error) {
        found = await findRun(host, this.#ids(facts, runId));
        if (found.liveness !== 'dead') {
          this.#options.log.warn(`The runner of run ${runId} on “${host.name}” does not answer: ${messageOf(error)}`);
          return { kind: 'unreachable' };
        }
      }
    }
    mirror.setFinal(found.journalBytes);
    if (!(await this.#isMirrored(facts, runId, found.journalBytes))) return { kind: 'unreachable' };
    const last = (await store.sync(sessionId))?.runs.find((each) => each.runId === runId);
    if (last === undefined || !isOpen(last)) return { kind: 'ended' };
    await endRun(host, this.#ids(facts, runId), 0);
    return await this.#close(facts, last, 'The background process of this run on its host ended without a word.');
  }

  /** Takes a queued run out of the queue. False where its host was quicker to start it. */
  async cancel(facts: SessionFacts, run: RunFacts): Promise<boolean> {
    return await this.#cancel(await this.stores.require(facts), facts, run);
  }

  /** Ends the processes of a run there. @throws CorralError HOST_UNREACHABLE, HOST_FAILED */
  async end(facts: SessionFacts, runId: string, graceMs: number): Promise<void> {
    await endRun(await this.stores.require(facts), this.#ids(facts, runId), graceMs);
  }

  /** Ends what setup commands of the session left running there. Throws as `end`. */
  async endServers(facts: SessionFacts, graceMs: number): Promise<void> {
    const { storeId } = this.#options.store;
    await endServers(await this.stores.require(facts), { storeId, sessionId: facts.sessionId }, graceMs);
  }

  /** Copies nothing of the session any more. */
  async endMirrors({ runs }: SessionFacts): Promise<void> {
    for (const { runId } of runs) {
      const mirror = await this.#mirrors.get(runId);
      mirror?.dispose();
      await mirror?.done;
    }
  }

  /** Goes on with all copies that are not whole. */
  async settle(): Promise<void> {
    const { model, store } = this.#options;
    for (const id of model.ids()) {
      const facts = model.facts(id);
      if (facts.host === undefined) continue;
      for (const { runId } of facts.runs)
        if (!(await exists(store.paths.session(id).run(runId).mirrored))) await this.mirror(facts, runId);
    }
  }

  /** The copy of a run, which goes on by itself until it is whole. */
  async mirror(facts: SessionFacts, runId: string): Promise<RunMirror> {
    const known = this.#mirrors.get(runId);
    if (known !== undefined) return await known;
    const opening = this.#openMirror(facts, runId);
    this.#mirrors.set(runId, opening);
    opening.then(
      ({ done }) => void done.then(() => this.#mirrors.delete(runId)),
      () => this.#mirrors.delete(runId),
    );
    return await opening;
  }

  dispose(): void {
    this.#isDisposed = true;
    this.affected.dispose();
    for (const mirror of this.#mirrors.values()) mirror.then((each) => each.dispose()).catch(() => undefined);
  }

  /** Settles when nothing is written here any more. */
  async close(): Promise<void> {
    this.dispose();
    await Promise.allSettled([...this.#mirrors.values()].map(async (mirror) => await (await mirror).done));
  }

  async #openMirror(facts: SessionFacts, runId: string): Promise<RunMirror> {
    const { store, log } = this.#options;
    const { sessionId } = facts;
    const { RunMirror } = await import('./mirror/runMirror');
    const { bringWorkHome } = await import('./remoteWork');
    const mirror = new RunMirror({
      store,
      log,
      sessionId,
      runId,
      host: async () => await this.stores.find(facts),
      bringWorkHome: async (host) => await bringWorkHome(this.#options, host, facts),
    });
    if (this.#isDisposed) mirror.dispose();
    return mirror;
  }

  #noteState(name: string, state: HostState): void {
    const { model } = this.#options;
    for (const id of model.ids()) {
      const { host, runs } = model.facts(id);
      if (host?.name !== name) continue;
      this.#showState(id, state);
      if (state.kind !== 'connecting')
        for (const { runId } of runs.filter(isOpen)) this.affected.fire({ sessionId: id, runId });
    }
  }

  #showState(sessionId: string, { kind, sinceMs }: HostState): void {
    this.#options.model.setHost(sessionId, { state: kind, since: new Date(sinceMs).toISOString() });
  }

  async #start(host: OpenHost, facts: SessionFacts, run: RemoteRunIds): Promise<FoundRun> {
    const { startRemoteRun } = await import('./queueRemoteRun');
    try {
      return await startRemoteRun(this.#options, host, facts, run);
    } catch (error) {
      // Nobody knows then whether it was started: the next look tells.
      if (host.connection.state.kind === 'connected')
        await failUnstarted(this.#options.store, { sessionId: facts.sessionId, runId: run.runId }, error);
      throw error;
    }
  }

  async #connect(host: OpenHost, facts: SessionFacts, runId: string, address: string): Promise<void> {
    const { connections, store } = this.#options;
    if (connections.has(runId)) return;
    const { readRemoteRun } = await import('./queueRemoteRun');
    const { sessionId } = facts;
    const { nonce } = (await readRemoteRun(store.paths.session(sessionId).run(runId))).run;
    const endpoint = await host.connection.connectSocket(address);
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

  async #isMirrored({ sessionId }: SessionFacts, runId: string, journalBytes: number): Promise<boolean> {
    const { events } = this.#options.store.paths.session(sessionId).run(runId);
    const end = performance.now() + LAST_BYTES_LIMIT_MS;
    while (((await ifExists(stat(events)))?.size ?? 0) < journalBytes) {
      if (performance.now() > end || this.#isDisposed) return false;
      await delay(POLL_MS);
    }
    return true;
  }

  async #close({ sessionId }: SessionFacts, { runId }: RunFacts, evidence: string): Promise<Resolution> {
    let restored = false;
    const isRecorded = await closeRun(this.#options.store, { sessionId, runId }, (run) => {
      const closing = closingOf(run, evidence, this.#options.settings().recoveryPolicy);
      restored = closing.restored;
      return closing;
    });
    return isRecorded ? { kind: 'closed', restored } : { kind: 'ended' };
  }
}

function voidEvidence({ claim }: FoundRun): string {
  return `The run was given up before its background process started: ${claim?.state === 'void' ? claim.reason : ''}`;
}
