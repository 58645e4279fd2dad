import * as l10n from '@vscode/l10n';
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

/** The connections to the live runners, one for each run. */
export class RunnerConnections {
  /** A runner closed its connection: it ended, or it died. */
  readonly closed: Emitter<{ sessionId: string; runId: string }>;
  readonly #options: RunnerConnectionsOptions;
  readonly #clients = new Map<string, RunnerClient>();

  constructor(options: RunnerConnectionsOptions) {
    this.#options = options;
    this.closed = new Emitter((error) =>
      options.log.error(`After a runner closed its connection: ${messageOf(error)}`),
    );
  }

  has(runId: string): boolean {
    return this.#clients.has(runId);
  }

  /**
   * Connects to the run's runner; does nothing where this window is connected already.
   * @throws CorralError RUNNER_UNREACHABLE, TIMEOUT, RUNNER_REFUSED
   */
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

  /**
   * Sends a request to the run's runner.
   * @throws CorralError RUNNER_UNREACHABLE where this window is not connected, TIMEOUT, or what the runner answers
   */
  async request<M extends RequestMethod>(runId: string, method: M, parameters: RequestParameters<M>): Promise<void> {
    const client = this.#clients.get(runId);
    if (client === undefined)
      throw new CorralError(
        'RUNNER_UNREACHABLE',
        l10n.t('The background process of this session does not answer. Try again in a moment, or use “Kill Session”.'),
      );
    await client.request(method, parameters, REQUEST_TIMEOUT_MS);
  }

  dispose(): void {
    for (const [runId, client] of this.#clients) {
      this.#clients.delete(runId);
      try {
        client.close();
      } catch (error) {
        this.#options.log.warn(`Closing the connection to run ${runId}: ${messageOf(error)}`);
      }
    }
  }
}
