import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { RequestMethod, RequestParameters, RunBootstrap } from '../runnerProtocol/protocol';
import type { RunnerClient } from './runnerClient';
import { connectRunner } from './runnerClient';
import { Emitter } from '../../common/emitter';
import type { Log } from '../../common/log';
import type { SessionModel } from '../sessions/sessionModel';
import type { SessionStore } from '../sessions/sessionStore';
import type { HeldClaim } from '../runnerProtocol/claimFile';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface RunnerConnectionsOptions {
  store: SessionStore;
  model: SessionModel;
  log: Log;
}

/** The lines to the live runners, one a run. */
export class RunnerConnections {
  /** A runner closed its line: it ended, or it died. */
  readonly closed: Emitter<{ sessionId: string; runId: string }>;
  readonly #options: RunnerConnectionsOptions;
  readonly #clients = new Map<string, RunnerClient>();

  constructor(options: RunnerConnectionsOptions) {
    this.#options = options;
    this.closed = new Emitter((error) => options.log.error(`After a runner closed its line: ${messageOf(error)}`));
  }

  has(runId: string): boolean {
    return this.#clients.has(runId);
  }

  /** Connects to the run's runner, which proves that it knows the run's nonce. Throws RUNNER_UNREACHABLE, TIMEOUT or RUNNER_REFUSED. */
  async connect(bootstrap: RunBootstrap, claim: HeldClaim): Promise<void> {
    const { runId, sessionId } = bootstrap;
    if (this.#clients.has(runId)) return;
    const client = await connectRunner({
      endpoint: claim.endpoint,
      nonce: bootstrap.nonce,
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    if (this.#clients.has(runId)) {
      client.close(); // another call was quicker
      return;
    }
    this.#clients.set(runId, client);
    client.onJournal(() => this.#options.store.markChanged(sessionId));
    client.onPause((pause) => this.#options.model.setPaused(sessionId, pause));
    client.onClosed(() => {
      if (this.#clients.get(runId) === client) this.#clients.delete(runId);
      this.closed.fire({ sessionId, runId });
    });
  }

  /** Asks the run's runner. Throws RUNNER_UNREACHABLE where there is no line to it, TIMEOUT, or what the runner answers. */
  async request<M extends RequestMethod>(runId: string, method: M, parameters: RequestParameters<M>): Promise<void> {
    const client = this.#clients.get(runId);
    if (client === undefined)
      throw new CorralError(
        'RUNNER_UNREACHABLE',
        'The background process of this session does not answer. Wait a moment and try again, or use Kill Session.',
      );
    await client.request(method, parameters, REQUEST_TIMEOUT_MS);
  }

  dispose(): void {
    for (const [runId, client] of this.#clients) {
      this.#clients.delete(runId);
      try {
        client.close();
      } catch (error) {
        this.#options.log.warn(`Closing the line to run ${runId}: ${messageOf(error)}`);
      }
    }
  }
}
