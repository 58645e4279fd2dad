import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { Pause, RequestMethod, RequestParameters, RunBootstrap, RunnerClaim } from '../runnerProtocol/protocol';
import type { RunnerClient } from './runnerClient';
import { connectRunner } from './runnerClient';
import type { Log } from '../../common/log';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;

export interface RunnerConnectionsOptions {
  log: Log;
  /** The runner says that its journal grew. */
  onGrowth: (sessionId: string) => void;
  /** The runner can write nothing, or (null) can again. */
  onPause: (sessionId: string, pause: Pause | null) => void;
  /** The runner closed the line: it ended, or it died. */
  onClosed: (sessionId: string, runId: string) => void;
}

/** The lines to the live runners, one a run. */
export class RunnerConnections {
  readonly #options: RunnerConnectionsOptions;
  readonly #clients = new Map<string, RunnerClient>();

  constructor(options: RunnerConnectionsOptions) {
    this.#options = options;
  }

  has(runId: string): boolean {
    return this.#clients.has(runId);
  }

  /** Connects to the run's runner, which proves that it knows the run's nonce. Throws RUNNER_UNREACHABLE, TIMEOUT or RUNNER_REFUSED. */
  async connect(bootstrap: RunBootstrap, claim: RunnerClaim & { state: 'claimed' }): Promise<void> {
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
    client.onJournal(() => this.#options.onGrowth(sessionId));
    client.onPause((pause) => this.#options.onPause(sessionId, pause));
    client.onClosed(() => {
      if (this.#clients.get(runId) === client) this.#clients.delete(runId);
      this.#options.onClosed(sessionId, runId);
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
