import { connect } from 'node:net';
import type { Socket } from 'node:net';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { Event } from '../../common/disposable';
import { Emitter } from '../../common/emitter';
import { isProof, newChallenge, proofOf } from '../runnerProtocol/handshake';
import { LineSplitter } from '../runnerProtocol/lineSplitter';
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

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: CorralError) => void;
}

/**
 * Connects to the runner at `endpoint`, of which each side proves to the other that it knows `nonce`.
 * @throws CorralError RUNNER_UNREACHABLE (nobody listens there), RUNNER_REFUSED (one side did not prove itself), TIMEOUT
 */
export async function connectRunner({
  endpoint,
  nonce,
  timeoutMs,
}: {
  endpoint: string;
  nonce: string;
  timeoutMs: number;
}): Promise<RunnerClient> {
  const client = new RunnerClient(connect(endpoint), nonce);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_fulfil, reject) => {
    timer = setTimeout(
      () => reject(new CorralError('TIMEOUT', 'The background process of this session does not answer')),
      timeoutMs,
    );
  });
  try {
    await Promise.race([client.proven, late]);
    return client;
  } catch (error) {
    client.close();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** A line to one live runner; made by `connectRunner`. */
export class RunnerClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #journal = new Emitter<{ bytes: number; seq: number }>(() => undefined);
  readonly #pause = new Emitter<Pause | null>(() => undefined);
  readonly #closed = new Emitter<void>(() => undefined);
  #lastId = 0;

  /** Settles when both sides have proved themselves. */
  readonly proven: Promise<void>;
  /** The run's journal is now `bytes` long and holds events up to `seq`. Comes after the fact, never before. */
  readonly onJournal: Event<{ bytes: number; seq: number }> = this.#journal.event;
  /** The run's runner can write nothing, and why; null when it can again. */
  readonly onPause: Event<Pause | null> = this.#pause.event;
  /** Fired once: the runner ended or died, or `close` was called. */
  readonly onClosed: Event<void> = this.#closed.event;

  constructor(socket: Socket, nonce: string) {
    this.#socket = socket;
    this.proven = new Promise((fulfil, reject) => {
      const challenges = { runner: '', client: newChallenge() };
      let isProven = false;
      const lines = new LineSplitter(MAX_LINE_BYTES);
      socket.on('data', (chunk) => {
        for (const { bytes, isCut } of lines.push(chunk)) {
          if (socket.destroyed) return;
          const content = isCut ? undefined : parseLine(bytes);
          if (isProven) {
            this.#take(content);
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
      socket.on('error', (error) => reject(unreachable(error.message)));
      socket.on('close', () => {
        reject(new CorralError('RUNNER_REFUSED', 'The background process of this session refused the connection'));
        for (const { reject: fail } of this.#waiting.values()) fail(unreachable('the connection was closed'));
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
    if (this.#socket.destroyed) throw unreachable('the connection is closed');
    const id = ++this.#lastId;
    let timer: NodeJS.Timeout | undefined;
    try {
      const result = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        timer = setTimeout(
          () =>
            reject(
              new CorralError('TIMEOUT', `The background process of this session did not answer “${method}” in time`),
            ),
          timeoutMs,
        );
        this.#socket.write(`${JSON.stringify({ id, method, params: parameters })}\n`);
      });
      const parsed = v.safeParse(RESULT_SCHEMAS[method], result);
      if (!parsed.success)
        throw new CorralError(
          'RUNNER_TOO_OLD',
          `The background process of this session answers “${method}” in a way that this version does not know`,
        );
      return parsed.output;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(id);
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(content: unknown): void {
    const parsed = v.safeParse(runnerLineSchema, content);
    if (!parsed.success) {
      this.#socket.destroy();
      return;
    }
    const line: RunnerLine = parsed.output;
    if ('method' in line) {
      // Not in the same turn as the proof: whoever gets the client from connectRunner listens first.
      setImmediate(() => {
        if (line.method === 'journal') this.#journal.fire(line.params);
        else this.#pause.fire(line.params.pause);
      });
      return;
    }
    const waiting = this.#waiting.get(line.id); // undefined where it timed out meanwhile
    if ('error' in line)
      waiting?.reject(
        new CorralError(
          RUNNER_ERROR_CODES.find((known) => known === line.error.code) ?? 'RUNNER_REFUSED',
          line.error.message,
        ),
      );
    else waiting?.resolve(line.result);
  }
}

function unreachable(reason: string): CorralError {
  return new CorralError('RUNNER_UNREACHABLE', `The background process of this session cannot be reached: ${reason}`);
}
