import { messageOf } from '../../common/errors';
import type { SessionModel } from '../sessions/sessionModel';
import type { RecoveryOptions, Resolution } from './recovery';
import { resolveRun } from './recovery';

/** A runner that lives looks after its socket every 5 s, so checking more often finds nothing new. */
const RETRY_MS = 5_000;

export interface RunWatcherOptions extends RecoveryOptions {
  model: SessionModel;
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
    options.connections.closed.event(({ sessionId, runId }) => void this.check(sessionId, runId));
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
      resolution = await resolveRun(this.#options, sessionId, runId);
    } catch (error) {
      log.error(`Checking run ${runId} of session ${sessionId}: ${messageOf(error)}`);
    }
    if (this.#isDisposed) return resolution;
    if (resolution !== undefined && resolution.kind !== 'unreachable') {
      model.setLive(sessionId, { checking: false });
      return resolution;
    }
    const unreachable = model.live(sessionId).unreachable ?? new Date().toISOString();
    model.setLive(sessionId, { checking: false, unreachable });
    const retry = setTimeout(() => void this.check(sessionId, runId), RETRY_MS);
    this.#retries.set(runId, retry);
    return resolution;
  }
}
