import { messageOf } from '../../common/errors';
import type { RunFacts } from '../../storage/sessionFacts';
import { isMarkedGone, isOpen } from '../../storage/sessionState';
import type { SessionModel } from '../sessions/sessionModel';
import { isNewest, listenToGoneRun } from './gone/goneRuns';
import type { RecoveryOptions, Resolution } from './recovery';
import type { RemoteRuns } from './remote/remoteRuns';
import { resolveRun } from './recovery';

/** A runner that lives looks after its socket every 5 s, so checking more often finds nothing new. */
const RETRY_MS = 5_000;
/** For a run that was marked as gone: its next event shows that it lives as well. */
const GONE_RETRY_MS = 60_000;

export interface RunWatcherOptions extends RecoveryOptions {
  model: SessionModel;
  remoteRuns: RemoteRuns;
  /** See `SupervisorOptions`. */
  silenceLimitMs: number;
}

/** Makes sure that every open run is connected to its runner, is closed, or is shown as not answering. */
export class RunWatcher {
  readonly #options: RunWatcherOptions;
  /** By run id, as are the retries. */
  readonly #checks = new Map<string, Promise<Resolution | undefined>>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #isDisposed = false;

  constructor(options: RunWatcherOptions) {
    this.#options = options;
    options.connections.closed.event(({ sessionId, runId, isSilent }) => {
      if (isSilent) this.#markUnreachable(sessionId, runId);
      void this.check(sessionId, runId);
    });
    options.remoteRuns.affected.event(({ sessionId, runId }) => void this.check(sessionId, runId));
  }

  /**
   * Finds out now what became of the run; calls that overlap share one check.
   * Never rejects: a check that fails gives undefined and is repeated later.
   */
  check(sessionId: string, runId: string): Promise<Resolution | undefined> {
    if (this.#isDisposed) return Promise.resolve(undefined);
    const underWay = this.#checks.get(runId);
    if (underWay !== undefined) return underWay;
    clearTimeout(this.#retries.get(runId));
    this.#retries.delete(runId);
    const check = this.#check(sessionId, runId).finally(() => this.#checks.delete(runId));
    this.#checks.set(runId, check);
    return check;
  }

  /** Connects to the run's runner where this window is not. @throws CorralError HOST_… where its host is away */
  async connect(sessionId: string, runId: string): Promise<void> {
    const { connections, model, remoteRuns } = this.#options;
    if (connections.has(runId)) return;
    await remoteRuns.reach(model.facts(sessionId));
    await this.check(sessionId, runId); // it can have begun elsewhere a moment ago
  }

  /** True while a check of the run is under way or planned. */
  isWatching(runId: string): boolean {
    return this.#checks.has(runId) || this.#retries.has(runId);
  }

  dispose(): void {
    this.#isDisposed = true;
    for (const retry of this.#retries.values()) clearTimeout(retry);
  }

  async #check(sessionId: string, runId: string): Promise<Resolution | undefined> {
    const { model, log } = this.#options;
    let resolution: Resolution | undefined;
    try {
      resolution = await this.#resolve(sessionId, runId);
    } catch (error) {
      log.error(`Checking run ${runId} of session ${sessionId}: ${messageOf(error)}`);
    }
    if (this.#isDisposed) return resolution;
    if (resolution === undefined || resolution.kind === 'unreachable') {
      this.#markUnreachable(sessionId, runId);
      this.#retry(sessionId, runId, RETRY_MS);
    } else {
      if (this.#isShown(sessionId, runId)) model.setLive(sessionId, { checking: false });
      if (resolution.kind === 'gone') this.#retry(sessionId, runId, GONE_RETRY_MS);
    }
    return resolution;
  }

  async #resolve(sessionId: string, runId: string): Promise<Resolution> {
    const { model, remoteRuns } = this.#options;
    const facts = model.find(sessionId);
    if (facts?.host !== undefined) return await remoteRuns.resolve(facts, runId);
    return this.#find(sessionId, runId, isMarkedGone)
      ? await this.#listen(sessionId, runId)
      : await resolveRun(this.#options, sessionId, runId);
  }

  /** Whether a run that was marked as gone speaks again. One that has a successor is ended then. */
  async #listen(sessionId: string, runId: string): Promise<Resolution> {
    const voice = await listenToGoneRun(this.#options, sessionId, runId);
    if (voice === 'dead') return { kind: 'ended' };
    if (voice === 'silent') return { kind: 'gone' };
    const isOld = this.#find(sessionId, runId, (run) => !isNewest(this.#options.model.facts(sessionId), run));
    if (isOld) await this.#options.connections.request(runId, 'kill', {});
    return { kind: 'readopted' };
  }

  #find(sessionId: string, runId: string, isSo: (run: RunFacts) => boolean): boolean {
    return this.#options.model.find(sessionId)?.runs.some((run) => run.runId === runId && isSo(run)) === true;
  }

  /** Of several open runs, the session looks as the newest does. */
  #isShown(sessionId: string, runId: string): boolean {
    const open = this.#options.model.find(sessionId)?.runs.findLast(isOpen);
    return open === undefined || open.runId === runId;
  }

  #markUnreachable(sessionId: string, runId: string): void {
    const { model, silenceLimitMs } = this.#options;
    if (this.#isDisposed || !this.#isShown(sessionId, runId)) return;
    const { host, job, unreachable: before } = model.live(sessionId);
    const unreachable = before ?? (host?.state === 'unreachable' ? host.since : new Date().toISOString());
    // Of a run on a host that is away, nobody is asked whether it is gone; only of one whose node has failed.
    const isAskable = model.find(sessionId)?.host === undefined || job?.state === 'NODE_FAIL';
    const isLong = isAskable && Date.now() - Date.parse(unreachable) >= silenceLimitMs;
    model.setLive(sessionId, { checking: false, unreachable, ...(isLong ? { maybeGone: true } : {}) });
  }

  #retry(sessionId: string, runId: string, afterMs: number): void {
    clearTimeout(this.#retries.get(runId));
    this.#retries.set(
      runId,
      setTimeout(() => void this.check(sessionId, runId), afterMs),
    );
  }
}
