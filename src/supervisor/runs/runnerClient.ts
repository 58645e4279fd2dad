import * as l10n from '@vscode/l10n';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { Event } from '../../common/disposable';
import { Emitter } from '../../common/emitter';
import { isProof, newChallenge, proofOf } from '../runnerProtocol/handshake';
import { LineSplitter } from '../../common/lines/lineSplitter';
import {
  challengeSchema,
  parseLine,
  RESULT_SCHEMAS,
  RUNNER_ERROR_CODES,
  runnerLineSchema,
  runnerProofSchema,
} from '../runnerProtocol/protocol';
import type { Pause, RequestMethod, RequestParameters, RequestResult, RunnerLine } from '../runnerProtocol/protocol';

const MAX_LINE_BYTES = 1024 * 1024;

interface PendingRequest {
  resolve: (result: unknown) => void;
  reject: (error: CorralError) => void;
}

/**
 * Connects to the runner at `endpoint`. Each side proves to the other that it knows `nonce`.
 * @throws CorralError RUNNER_UNREACHABLE (nobody listens), RUNNER_REFUSED (a proof failed), TIMEOUT
 */
export async function connectRunner({
  endpoint,
  nonce,
  timeoutMs,
}: {
  /** Its address, or a connection to it. */
  endpoint: string | Duplex;
  nonce: string;
  timeoutMs: number;
}): Promise<RunnerClient> {
  const client = new RunnerClient(typeof endpoint === 'string' ? connect(endpoint) : endpoint, nonce);
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_fulfil, reject) => {
    timer = setTimeout(
      () => reject(new CorralError('TIMEOUT', l10n.t('The background process of this session does not answer.'))),
      timeoutMs,
    );
  });
  try {
    await Promise.race([client.proven, timeout]);
    return client;
  } catch (error) {
    client.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** The connection to one live runner, made by `connectRunner`. */
export class RunnerClient {
  readonly #socket: Duplex;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #journal = new Emitter<{ bytes: number; seq: number }>(() => undefined);
  readonly #pause = new Emitter<Pause | null>(() => undefined);
  readonly #closed = new Emitter<void>(() => undefined);
  #lastId = 0;

  /** Settles when both sides have proved themselves. */
  readonly proven: Promise<void>;
  /** The run's journal is now `bytes` long and holds events up to `seq`. */
  readonly onJournal: Event<{ bytes: number; seq: number }> = this.#journal.event;
  /** Why the runner can write nothing; null when it can again. */
  readonly onPause: Event<Pause | null> = this.#pause.event;
  /** Fired once: the runner ended or died, or `close` was called. */
  readonly onClosed: Event<void> = this.#closed.event;

  constructor(socket: Duplex, nonce: string) {
    this.#socket = socket;
    this.proven = new Promise((fulfil, reject) => {
      const challenges = { runner: '', client: newChallenge() };
      let isProven = false;
      const lines = new LineSplitter(MAX_LINE_BYTES);
      socket.on('data', (chunk: Buffer) => {
        for (const { bytes, isCut } of lines.push(chunk)) {
          if (socket.destroyed) return;
          const content = isCut ? undefined : parseLine(bytes);
          if (isProven) {
            this.#receive(content);
          } else if (challenges.runner === '') {
            const hello = v.safeParse(challengeSchema, content);
            if (!hello.success) return void socket.destroy();
            challenges.runner = hello.output.challenge;
            socket.write(
              `${JSON.stringify({ challenge: challenges.client, proof: proofOf(nonce, 'client', challenges) })}\n`,
            );
          } else {
            const answer = v.safeParse(runnerProofSchema, content);
            if (!answer.success || !isProof(answer.output.proof, nonce, 'runner', challenges))
              return void socket.destroy();
            isProven = true;
            fulfil();
          }
        }
      });
      socket.on('end', () => socket.destroy());
      socket.on('error', (error) => reject(unreachable(error.message)));
      socket.on('close', () => {
        reject(
          new CorralError('RUNNER_REFUSED', l10n.t('The background process of this session refused the connection.')),
        );
        for (const { reject: fail } of this.#pending.values()) fail(unreachable(l10n.t('the connection was closed')));
        this.#closed.fire();
      });
    });
  }

  /** @throws CorralError RUNNER_UNREACHABLE, TIMEOUT, or the code with which the runner refuses */
  async request<M extends RequestMethod>(
    method: M,
    parameters: RequestParameters<M>,
    timeoutMs: number,
  ): Promise<RequestResult<M>> {
    if (this.#socket.destroyed) throw unreachable(l10n.t('the connection is closed'));
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        timer = setTimeout(
          () =>
            reject(
              new CorralError(
                'TIMEOUT',
                l10n.t('The background process of this session did not answer “{method}” in time.', { method }),
              ),
            ),
          timeoutMs,
        );
        this.#socket.write(`${JSON.stringify({ id, method, params: parameters })}\n`);
      });
      const parsed = v.safeParse(RESULT_SCHEMAS[method], result);
      if (!parsed.success)
        throw new CorralError(
          'RUNNER_TOO_OLD',
          l10n.t(
            'The background process of this session answered “{method}” in a form that this version of Corral does not know.',
            { method },
          ),
        );
      return parsed.output;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(content: unknown): void {
    const parsed = v.safeParse(runnerLineSchema, content);
    if (!parsed.success) {
      this.#socket.destroy();
      return;
    }
    const line: RunnerLine = parsed.output;
    if ('method' in line) {
      // Not in the same turn as the proof, so that the caller of connectRunner can listen first.
      setImmediate(() => {
        if (line.method === 'journal') this.#journal.fire(line.params);
        else this.#pause.fire(line.params.pause);
      });
      return;
    }
    const request = this.#pending.get(line.id); // undefined where it timed out meanwhile
    if ('error' in line)
      request?.reject(
        new CorralError(
          RUNNER_ERROR_CODES.find((known) => known === line.error.code) ?? 'RUNNER_REFUSED',
          line.error.message,
        ),
      );
    else request?.resolve(line.result);
  }
}

function unreachable(reason: string): CorralError {
  return new CorralError(
    'RUNNER_UNREACHABLE',
    l10n.t('The background process of this session cannot be reached: {reason}', { reason }),
  );
}
