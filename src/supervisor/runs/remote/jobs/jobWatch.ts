import type { Disposable } from '../../../../common/disposable';
import { messageOf } from '../../../../common/errors';
import type { Log } from '../../../../common/log';
import type { RunFacts, SessionFacts } from '../../../../storage/sessionFacts';
import { awaitsJobEnd, isOpen } from '../../../../storage/sessionState';
import { hasJobEnded } from '../../../hostProtocol/jobs';
import type { FoundRun } from '../../../hostProtocol/sessionRequests';
import type { SessionModel } from '../../../sessions/sessionModel';
import type { SessionStore } from '../../../sessions/sessionStore';
import type { RunnerConnections } from '../../runnerConnections';
import { findRun } from '../hostRuns';
import type { HostStores } from '../hostStores';
import { recordJobEnd } from './jobEnd';

/** The host asks its scheduler no more often than that, however many runs are asked for. */
const LOOK_MS = 5_000;

export interface JobWatchOptions {
  store: SessionStore;
  model: SessionModel;
  log: Log;
  stores: HostStores;
  connections: RunnerConnections;
  /** Something happened to the run, so that it is to be checked. */
  onAffected: (run: { sessionId: string; runId: string }) => void;
}

/** Looks every 5 s at the runs that are jobs of a cluster, while there is one whose end is not known. */
export class JobWatch implements Disposable {
  readonly #options: JobWatchOptions;
  readonly #timer: NodeJS.Timeout;
  /** Ids of the runs that are being looked at. */
  readonly #underWay = new Set<string>();
  /** Run id → why it could not be looked at last. */
  readonly #failures = new Map<string, string>();

  constructor(options: JobWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#lookAtAll(), LOOK_MS).unref();
  }

  /** Shows what a host told of a run's job. */
  show({ sessionId }: SessionFacts, runId: string, { job }: FoundRun): void {
    if (job !== undefined) this.#options.model.setJob(sessionId, { runId, ...job });
  }

  dispose(): void {
    clearInterval(this.#timer);
  }

  #lookAtAll(): void {
    for (const facts of this.#options.model.onHost()) {
      if (facts.host?.kind !== 'slurm') continue;
      for (const run of facts.runs) if (isOpen(run) || awaitsJobEnd(run)) void this.#lookAt(facts, run);
    }
  }

  async #lookAt(facts: SessionFacts, run: RunFacts): Promise<void> {
    const { store, stores, connections, log, onAffected } = this.#options;
    const { runId } = run;
    const ids = { sessionId: facts.sessionId, runId };
    if (this.#underWay.has(runId)) return;
    this.#underWay.add(runId);
    try {
      const host = await stores.find(facts);
      if (host === undefined) return;
      const found = await findRun(host, { storeId: store.storeId, ...ids });
      this.show(facts, runId, found);
      if (found.job === undefined) return;
      if (!isOpen(run)) {
        if (hasJobEnded(found.job)) await recordJobEnd(store, ids, found.job);
      } else if (hasJobEnded(found.job) || (found.claim !== null && !connections.has(runId))) onAffected(ids);
      this.#failures.delete(runId);
    } catch (error) {
      const failure = messageOf(error);
      if (this.#failures.get(runId) !== failure) log.warn(`Looking at the job of run ${runId}: ${failure}`);
      this.#failures.set(runId, failure);
    } finally {
      this.#underWay.delete(runId);
    }
  }
}
