/** The runner's socket: JSON lines, for clients that prove that they know the run's nonce. */
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import type { RunPaths } from '../../storage/paths';
import { messageOf } from '../../common/errors';
import { isProof, newChallenge, proofOf } from '../runnerProtocol/handshake';
import { LineSplitter } from '../../common/lines/lineSplitter';
import { endpointAddresses, isPrivate, makePrivate } from '../runnerProtocol/privateSocket';
import type { SocketFile } from '../system/socketEvidence';
import { readSocketFile } from '../system/socketEvidence';
import {
  REQUEST_SCHEMAS,
  RUNNER_ERROR_CODES,
  clientProofSchema,
  parseLine,
  requestSchema,
} from '../runnerProtocol/protocol';
import type {
  Pause,
  RequestMethod,
  RequestParameters,
  RequestResult,
  RunBootstrap,
  RunnerLine,
} from '../runnerProtocol/protocol';

const PROOF_LIMIT_MS = 5_000;
const CLOSE_LIMIT_MS = 1_000;
const MAX_LINE_BYTES = 16 * 1024 * 1024;
/** A client that leaves more than this unread is cut off; it connects again and reads the journal. */
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

export type RequestHandlers = {
  [M in RequestMethod]: (parameters: RequestParameters<M>) => RequestResult<M> | Promise<RequestResult<M>>;
};

/** One client. Nothing is told or done for it before it has proved that it knows the nonce. */
class Connection {
  readonly #socket: Socket;
  readonly #handlers: Promise<RequestHandlers>;
  isProven = false;

  /** `onProven` is called when the client has proved itself. */
  constructor(
    socket: Socket,
    nonce: string,
    handlers: Promise<RequestHandlers>,
    onProven: (connection: Connection) => void,
  ) {
    this.#socket = socket;
    this.#handlers = handlers;
    const challenge = newChallenge();
    const proofTimer = setTimeout(() => socket.destroy(), PROOF_LIMIT_MS);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(proofTimer));
    const lines = new LineSplitter(MAX_LINE_BYTES);
    socket.on('data', (chunk) => {
      for (const { bytes, isCut } of lines.push(chunk)) {
        if (isCut || socket.destroyed) {
          socket.destroy();
        } else if (this.isProven) {
          this.#answer(bytes);
        } else {
          const claimed = v.safeParse(clientProofSchema, parseLine(bytes));
          const challenges = { runner: challenge, client: claimed.success ? claimed.output.challenge : '' };
          if (!claimed.success || !isProof(claimed.output.proof, nonce, 'client', challenges)) {
            socket.destroy();
            return;
          }
          clearTimeout(proofTimer);
          this.isProven = true;
          socket.write(`${JSON.stringify({ proof: proofOf(nonce, 'runner', challenges) })}\n`);
          onProven(this);
        }
      }
    });
    socket.write(`${JSON.stringify({ challenge })}\n`);
  }

  send(line: RunnerLine): void {
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) this.#socket.destroy();
    else if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(line)}\n`);
  }

  /** Settles when everything sent is handed to the system. */
  close(): Promise<void> {
    return new Promise((fulfil) => {
      if (this.#socket.destroyed || !this.isProven) {
        this.#socket.destroy();
        fulfil();
        return;
      }
      const limit = setTimeout(() => this.#socket.destroy(), CLOSE_LIMIT_MS);
      this.#socket.once('close', () => {
        clearTimeout(limit);
        fulfil();
      });
      this.#socket.end(() => this.#socket.destroy());
    });
  }

  #answer(bytes: Buffer): void {
    const request = v.safeParse(requestSchema, parseLine(bytes));
    if (!request.success) {
      this.#socket.destroy();
      return;
    }
    const { id, method, params } = request.output;
    this.#handle(method, params).then(
      (result) => this.send({ id, result }),
      (error: unknown) => {
        const code =
          RUNNER_ERROR_CODES.find((known) => error instanceof CorralError && known === error.code) ?? 'STORE_FAILED';
        this.send({ id, error: { code, message: messageOf(error) } });
      },
    );
  }

  async #handle(method: string, parameters: unknown): Promise<unknown> {
    if (!isMethod(method))
      throw new CorralError(
        'RUNNER_TOO_OLD',
        `This run's runner does not know “${method}”. Stop the run and start it again.`,
      );
    return this.#dispatch(method, parameters);
  }

  async #dispatch<M extends RequestMethod>(method: M, parameters: unknown): Promise<RequestResult<M>> {
    const parsed = v.safeParse(REQUEST_SCHEMAS[method], parameters);
    if (!parsed.success) throw new CorralError('INVALID_ARGUMENT', `The request “${method}” has not the expected form`);
    return (await this.#handlers)[method](parsed.output);
  }
}

export class Endpoint {
  readonly #runFolder: string;
  readonly #address: string;
  readonly #nonce: string;
  readonly #handlers: Promise<RequestHandlers>;
  readonly #connections = new Set<Connection>();
  #server: Server | undefined;
  #socket: SocketFile | undefined;
  #pause: Pause | null = null;

  private constructor(runFolder: string, address: string, nonce: string, handlers: Promise<RequestHandlers>) {
    this.#runFolder = runFolder;
    this.#address = address;
    this.#nonce = nonce;
    this.#handlers = handlers;
  }

  /**
   * Listens at the first of the run's addresses that the system allows. Requests wait for `handlers`.
   * @throws the system's error for the last address
   */
  static async open(
    run: RunPaths,
    { runId, nonce }: Pick<RunBootstrap, 'runId' | 'nonce'>,
    handlers: Promise<RequestHandlers>,
  ): Promise<Endpoint> {
    let failure: unknown;
    for (const address of await endpointAddresses(run, runId)) {
      const endpoint = new Endpoint(run.root, address, nonce, handlers);
      try {
        await endpoint.#listen();
        return endpoint;
      } catch (error) {
        failure = error; // such as a disk that holds no sockets
      }
    }
    throw failure;
  }

  get address(): string {
    return this.#address;
  }

  /** The file that it listens on now; undefined on Windows. */
  get socket(): SocketFile | undefined {
    return this.#socket;
  }

  async #listen(): Promise<void> {
    const server = createServer((socket) => {
      const connection = new Connection(socket, this.#nonce, this.#handlers, (proven) => {
        if (this.#pause !== null) proven.send(pauseLine(this.#pause));
      });
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    await new Promise<void>((fulfil, reject) => {
      server.once('error', reject);
      server.listen(this.#address, fulfil);
    });
    server.on('error', () => undefined); // such as too many open files; `ensureListening` repairs what it can
    this.#server = server;
    if (process.platform === 'win32') return;
    await chmod(this.#address, 0o600);
    this.#socket = await readSocketFile(this.#address);
  }

  /** Listens again where others removed or replaced the socket, as they may in a temporary folder. Connections stay. */
  async ensureListening(): Promise<void> {
    if (process.platform === 'win32') return;
    const found = await readSocketFile(this.#address);
    if (found !== undefined && isDeepStrictEqual(found, this.#socket)) return;
    const folder = dirname(this.#address);
    // The run's own folder comes back with its drive. Made here, an erased one would be there again.
    const isUsable = folder === this.#runFolder ? await isPrivate(folder) : await makePrivate(folder);
    if (!isUsable) throw new Error(`${folder} is not private to this user`);
    this.#server?.close(); // before the new one listens: closing also unlinks the path
    await rm(this.#address, { force: true, recursive: true });
    await this.#listen();
  }

  announce(bytes: number, seq: number): void {
    this.#broadcast({ method: 'journal', params: { bytes, seq } });
  }

  /** `pause` is null when writing goes on. */
  announcePause(pause: Pause | null): void {
    this.#pause = pause;
    this.#broadcast(pauseLine(pause));
  }

  /** Ends every connection once everything sent is delivered, and removes the socket. */
  async close(): Promise<void> {
    this.#server?.close();
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    if (process.platform !== 'win32') await rm(this.#address, { force: true });
  }

  #broadcast(line: RunnerLine): void {
    for (const connection of this.#connections) if (connection.isProven) connection.send(line);
  }
}

function pauseLine(pause: Pause | null): RunnerLine {
  return { method: 'pause', params: { pause } };
}

function isMethod(method: string): method is RequestMethod {
  return Object.hasOwn(REQUEST_SCHEMAS, method);
}
