import { readFile, stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Disposable } from '../../../../common/disposable';
import { messageOf } from '../../../../common/errors';
import { ifExists } from '../../../../common/ifExists';
import type { Log } from '../../../../common/log';
import { CorralError } from '../../../../storage/errors';
import type { SessionFacts } from '../../../../storage/sessionFacts';
import { hostOfRun } from '../../../../storage/sessionState';
import type { RunnerConnections } from '../../runnerConnections';
import type { RunStarterOptions } from '../../runStarter';
import type { Hosts } from '../../../hosts/hosts';
import type { HostStores, OpenHost } from '../hostStores';
import type { RunSlots } from '../../queue/runSlots';
import { HostReturns } from './hostReturns';
import { RunBeginnings } from './runBeginnings';
import type { RunMirror } from './runMirror';

/** For a copy of what a dead runner had written. */
const LAST_BYTES_LIMIT_MS = 10_000;
const POLL_MS = 100;

export interface RunMirrorsOptions extends RunStarterOptions {
  stores: HostStores;
  connections: RunnerConnections;
  hosts: Hosts;
  slots: RunSlots;
  log: Log;
  /** A runner has the run, and this window is not connected to it. */
  onAffected: (run: { sessionId: string; runId: string }) => void;
}

/** The copies here of what runs on hosts record. Each goes on by itself until it is whole. */
export class RunMirrors implements Disposable {
  readonly #options: RunMirrorsOptions;
  /** By run id. */
  readonly #mirrors = new Map<string, Promise<RunMirror>>();
  readonly #returns: HostReturns;
  readonly #beginnings: RunBeginnings;
  #isDisposed = false;

  constructor(options: RunMirrorsOptions) {
    this.#options = options;
    this.#returns = new HostReturns(options.hosts);
    this.#beginnings = new RunBeginnings(options.model, options.slots);
  }

  /** The run's host may know of it from now on, so that a copy waits no longer. */
  noteBegun({ sessionId }: SessionFacts, runId: string): void {
    this.#beginnings.note(sessionId, runId);
  }

  async open(facts: SessionFacts, runId: string): Promise<RunMirror> {
    const known = this.#mirrors.get(runId);
    if (known !== undefined) return await known;
    const opening = this.#open(facts, runId);
    this.#mirrors.set(runId, opening);
    opening.then(
      ({ done }) => void done.then(() => this.#mirrors.delete(runId)),
      () => this.#mirrors.delete(runId),
    );
    return await opening;
  }

  /** Goes on with all that are not whole. */
  async settle(): Promise<void> {
    const { model } = this.#options;
    for (const id of model.ids()) {
      const facts = model.find(id);
      const runs = facts?.runs.filter((run) => hostOfRun(facts, run) !== undefined) ?? [];
      for (const { runId } of runs)
        if (facts !== undefined && !(await this.#isWhole(id, runId))) await this.open(facts, runId);
    }
  }

  /** Also shows what that says of the work. */
  async #isWhole(sessionId: string, runId: string): Promise<boolean> {
    const { model, store } = this.#options;
    const problem = await ifExists(readFile(store.paths.session(sessionId).run(runId).mirrored, 'utf8'));
    // The work of a later run has that of this one.
    if (problem !== undefined && model.find(sessionId)?.runs.at(-1)?.runId === runId)
      model.setWorkProblem(sessionId, problem === '' ? undefined : problem);
    return problem !== undefined;
  }

  async #bringWorkHome(host: OpenHost, facts: SessionFacts, runId: string): Promise<void> {
    const { model } = this.#options;
    const { sessionId } = facts;
    const { bringWorkHome } = await import('../remoteWork');
    const { asOfRun, isLeft } = await import('../places/leftRuns');
    if (isLeft(facts, runId)) {
      await bringWorkHome(this.#options, host, asOfRun(facts, runId), { isApart: true });
      return;
    }
    try {
      await bringWorkHome(this.#options, host, facts);
      model.setWorkProblem(sessionId, undefined);
    } catch (error) {
      if (!(error instanceof CorralError && error.code === 'HOST_UNREACHABLE'))
        model.setWorkProblem(sessionId, messageOf(error));
      throw error;
    }
  }

  /** Resolves with true when so much of the run's journal is here, with false where that does not come soon. */
  async untilJournal({ sessionId }: SessionFacts, runId: string, journalBytes: number): Promise<boolean> {
    const { events } = this.#options.store.paths.session(sessionId).run(runId);
    const end = performance.now() + LAST_BYTES_LIMIT_MS;
    while (((await ifExists(stat(events)))?.size ?? 0) < journalBytes) {
      if (performance.now() > end || this.#isDisposed) return false;
      await delay(POLL_MS);
    }
    return true;
  }

  /** Copies nothing of the session any more. */
  async end({ runs }: SessionFacts): Promise<void> {
    for (const { runId } of runs) {
      const mirror = await this.#mirrors.get(runId);
      mirror?.dispose();
      await mirror?.done;
    }
  }

  dispose(): void {
    this.#isDisposed = true;
    this.#returns.dispose();
    this.#beginnings.dispose();
    for (const mirror of this.#mirrors.values()) mirror.then((each) => each.dispose()).catch(() => undefined);
  }

  /** Settles when nothing is written here any more. */
  async close(): Promise<void> {
    this.dispose();
    await Promise.allSettled([...this.#mirrors.values()].map(async (mirror) => await (await mirror).done));
  }

  async #open(facts: SessionFacts, runId: string): Promise<RunMirror> {
    const { store, model, log, stores, connections, onAffected } = this.#options;
    const { sessionId } = facts;
    const { RunMirror } = await import('./runMirror');
    const { asOfRun, isLeft } = await import('../places/leftRuns');
    const mirror = new RunMirror({
      store,
      log,
      sessionId,
      runId,
      host: async () => {
        const now = model.find(sessionId) ?? facts; // the mirror has just read it
        const host = await stores.find(asOfRun(now, runId));
        if (host !== undefined && isLeft(now, runId)) await this.#endLeft(host, now, { runId, mirror });
        return host;
      },
      untilReturn: async (signal) => {
        const { host } = asOfRun(model.find(sessionId) ?? facts, runId);
        await this.#returns.untilChanged(host?.name ?? '', signal);
      },
      untilBegun: async (signal) => await this.#beginnings.untilBegun(sessionId, runId, signal),
      onClaimed: () => {
        if (!connections.has(runId)) onAffected({ sessionId, runId });
      },
      bringWorkHome: async (host) => await this.#bringWorkHome(host, (await store.sync(sessionId)) ?? facts, runId),
    });
    if (this.#isDisposed) mirror.dispose();
    return mirror;
  }

  async #endLeft(
    host: OpenHost,
    { sessionId }: SessionFacts,
    { runId, mirror }: { runId: string; mirror: RunMirror },
  ): Promise<void> {
    const { store, settings } = this.#options;
    const { endLeftRun } = await import('../places/leftRuns');
    const { readRemoteRun } = await import('../queueRemoteRun');
    const { nonce } = (await readRemoteRun(store.paths.session(sessionId).run(runId))).run;
    const ids = { storeId: store.storeId, sessionId, runId };
    const { isOver, journalBytes } = await endLeftRun(host, { ...ids, nonce, graceMs: settings().stopGraceMs });
    if (isOver)
      await store.append(sessionId, ({ formerPlaces = [] }) =>
        formerPlaces.some((place) => 'host' in place && place.openRun === runId)
          ? { kind: 'run.leftEnded', data: { runId } }
          : undefined,
      );
    if (journalBytes !== undefined) mirror.setFinal(journalBytes);
  }
}
