import { messageOf } from '../../common/errors';
import type { RecoveryOptions, Resolution } from './recovery';
import { resolveRun } from './recovery';
import type { SessionModel } from '../sessions/sessionModel';

/** A runner that lives but is silent looks after its socket every 5 s, so asking more often finds nothing new. */
const RETRY_MS = 5_000;

export interface RunWatcherOptions extends RecoveryOptions {
  model: SessionModel;
}

/** Sees to it that every open run has a line to its runner, or is known to have ended, or is said to be silent. */
export class RunWatcher {
  readonly #options: RunWatcherOptions;
  readonly #looking = new Map<string, Promise<Resolution | undefined>>();
  readonly #retries = new Map<string, NodeJS.Timeout>();
  #disposed = false;

  constructor(options: RunWatcherOptions) {
    this.#options = options;
    options.connections.closed.event(({ sessionId, runId }) => void this.check(sessionId, runId));
  }

  /** Looks at the run now. Calls that overlap share one look; one that fails is tried again, and never stops others. */
  check(sessionId: string, runId: string): Promise<Resolution | undefined> {
    if (this.#disposed) return Promise.resolve(undefined);
    const known = this.#looking.get(runId);
    if (known !== undefined) return known;
    clearTimeout(this.#retries.get(runId));
    this.#retries.delete(runId);
    const look = this.#look(sessionId, runId).finally(() => this.#looking.delete(runId));
    this.#looking.set(runId, look);
    return look;
  }

  /** True while nobody needs to look at the run: somebody does already, or will. */
  isWatching(runId: string): boolean {
    return this.#looking.has(runId) || this.#retries.has(runId);
  }

  dispose(): void {
    this.#disposed = true;
    for (const retry of this.#retries.values()) clearTimeout(retry);
  }

  async #look(sessionId: string, runId: string): Promise<Resolution | undefined> {
    const { model, log } = this.#options;
    let resolution: Resolution | undefined;
    try {
      resolution = await resolveRun(this.#options, sessionId, runId);
    } catch (error) {
      log.error(`Looking at run ${runId} of session ${sessionId}: ${messageOf(error)}`);
    }
    if (this.#disposed) return resolution;
    const silent = resolution === undefined || resolution.kind === 'unreachable';
    model.setLive(
      sessionId,
      silent
        ? { checking: false, unreachable: model.live(sessionId).unreachable ?? new Date().toISOString() }
        : { checking: false },
    );
    if (silent) {
      this.#retries.set(
        runId,
        setTimeout(() => void this.check(sessionId, runId), RETRY_MS),
      );
    }
    return resolution;
  }
}
