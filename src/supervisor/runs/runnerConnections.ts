import type { Duplex } from 'node:stream';
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
/** A runner that is stopped keeps its connection open, so it is asked now and then whether it is there. */
const HEARTBEAT_MS = 15_000;
/** Longer than for a request, since nobody waits for it and a busy machine is no reason to connect again. */
const HEARTBEAT_TIMEOUT_MS = 20_000;

export interface RunnerConnectionsOptions {
  store: SessionStore;
  model: SessionModel;
  log: Log;
}

interface RunConnection {
  sessionId: string;
  runId: string;
  client: RunnerClient;
}

/** The connections to the live runners, one for each run. */
export class RunnerConnections {
  /** A runner closed its connection, so it ended or died; or it answers no more, and this window closed it. */
  readonly closed: Emitter<{ sessionId: string; runId: string; isSilent: boolean }>;
  readonly #options: RunnerConnectionsOptions;
  /** By run id. */
  readonly #clients = new Map<string, RunConnection>();

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
  async connect(
    { runId, sessionId, nonce }: Pick<RunBootstrap, 'runId' | 'sessionId' | 'nonce'>,
    { endpoint }: Pick<HeldClaim, 'endpoint'> | { endpoint: Duplex },
  ): Promise<void> {
    if (this.#clients.has(runId)) return;
    const client = await connectRunner({
      endpoint,
      nonce,
      timeoutMs: CONNECT_TIMEOUT_MS,
    });
    if (this.#clients.has(runId)) {
      client.close(); // another call was quicker
      return;
    }
    this.#clients.set(runId, { sessionId, runId, client });
    client.onJournal(() => this.#options.store.markChanged(sessionId));
    client.onPause((pause) => this.#options.model.setPaused(sessionId, pause));
    const heartbeat = setInterval(() => {
      this.#ask({ sessionId, runId, client }, 'ping', {}, HEARTBEAT_TIMEOUT_MS).catch(() => undefined); // or too old
    }, HEARTBEAT_MS).unref();
    client.onClosed(() => {
      clearInterval(heartbeat);
      this.#drop({ sessionId, runId, client }, false);
    });
  }

  /**
   * Sends a request to the run's runner. One that does not answer in time is disconnected, and checked anew.
   * @throws CorralError RUNNER_UNREACHABLE where this window is not connected, TIMEOUT, or what the runner answers
   */
  async request<M extends RequestMethod>(
    runId: string,
    method: M,
    parameters: RequestParameters<M>,
    timeoutMs = REQUEST_TIMEOUT_MS,
  ): Promise<void> {
    const connection = this.#clients.get(runId);
    if (connection === undefined)
      throw new CorralError(
        'RUNNER_UNREACHABLE',
        l10n.t('The background process of this session does not answer. Try again in a moment, or use “Kill Session”.'),
      );
    await this.#ask(connection, method, parameters, timeoutMs);
  }

  dispose(): void {
    for (const [runId, { client }] of this.#clients) {
      this.#clients.delete(runId);
      try {
        client.close();
      } catch (error) {
        this.#options.log.warn(`Closing the connection to run ${runId}: ${messageOf(error)}`);
      }
    }
  }

  async #ask<M extends RequestMethod>(
    connection: RunConnection,
    method: M,
    parameters: RequestParameters<M>,
    timeoutMs: number,
  ): Promise<void> {
    try {
      await connection.client.request(method, parameters, timeoutMs);
    } catch (error) {
      if (error instanceof CorralError && error.code === 'TIMEOUT') this.#drop(connection, true);
      throw error;
    }
  }

  #drop({ sessionId, runId, client }: RunConnection, isSilent: boolean): void {
    if (this.#clients.get(runId)?.client !== client) return;
    this.#clients.delete(runId);
    client.close();
    this.closed.fire({ sessionId, runId, isSilent });
  }
}
