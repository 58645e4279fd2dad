import type { Duplex, Readable } from 'node:stream';
import * as l10n from '@vscode/l10n';
import type * as v from 'valibot';
import { ChannelError } from '../../common/channels/channel';
import { Emitter } from '../../common/emitter';
import { messageOf } from '../../common/errors';
import type { Log } from '../../common/log';
import { oneLine } from '../../common/oneLine';
import type { RunProcess } from '../../common/processes/runProcess';
import { CorralError, type CorralErrorCode } from '../../storage/errors';
import type { ProcessPool } from '../git/processPool';
import type { HostRequest } from '../hostProtocol/hostProtocol';
import type {
  AskPerson,
  HostConnection,
  HostFile,
  HostProcess,
  HostProcessOptions,
  HostState,
} from '../system/hostConnection';
import type { HostFacts } from '../system/hostFacts';
import type { Liveness } from '../system/identity';
import type { ProcessIdentity } from '../system/identitySchema';
import { HostError } from './hostError';
import { HostLink } from './hostLink';
import { type Argv, runOnHost, startOnHost } from './hostProcess';
import {
  askHost,
  connectOnHost,
  listOnHost,
  livenessOnHost,
  probeHost,
  readFromHost,
  readHostFile,
  startDetachedOnHost,
  statOnHost,
} from './hostRequests';
import type { Transport } from './transport/openTransport';

const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 60_000;
/** For the transport, the login there and the start of the host's program, also where a person is asked. */
const DEFAULT_ANSWER_LIMIT_MS = 60_000;
/** A host that says nothing for so long is shown as unreachable; it comes back without a new link. */
const SILENT_MS = 10_000;
/** By then the host has ended its side as well. */
const DEAD_MS = 40_000;

/** A new try may help; for all else a person has to do something first. */
const PASSING: readonly string[] = ['HOST_UNREACHABLE', 'HOST_FAILED'] satisfies CorralErrorCode[];

export interface ReconnectingHostOptions {
  /** The host's name for people. */
  name: string;
  /** Of this program. */
  version: string;
  /** Opens a way to the host program. */
  openTransport: (options: { ask?: AskPerson | undefined; signal: AbortSignal }) => Promise<Transport>;
  log: Log;
  /** Lets so many hosts be tried at once. */
  attempts?: ProcessPool;
  answerLimitMs?: number;
}

/** A host whose link is made anew when it is lost. The first one is made by `reconnectNow`. */
export class ReconnectingHost implements HostConnection {
  readonly #options: ReconnectingHostOptions;
  readonly #changes: Emitter<HostState>;
  #state: HostState;
  #printed = '';
  #link: HostLink | undefined;
  #attempt: Promise<HostState> | undefined;
  /** Ends the wait for this host's turn. */
  #line: AbortController | undefined;
  #retry: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  /** Since when there is no link; undefined where there is one. */
  #lostSinceMs: number | undefined;
  readonly #closing = new AbortController();

  constructor(options: ReconnectingHostOptions) {
    this.#options = options;
    this.#changes = new Emitter((error) => options.log.error(messageOf(error)));
    this.#state = { kind: 'unreachable', sinceMs: Date.now(), error: this.#unreachable(l10n.t('not connected yet')) };
  }

  get state(): HostState {
    // While the transport of the last link still ends, whoever needs a connection begins to make the next one.
    return this.#link?.isClosed === true ? { kind: 'connecting', sinceMs: Date.now() } : this.#state;
  }

  get onDidChangeState(): HostConnection['onDidChangeState'] {
    return this.#changes.event;
  }

  get printed(): string {
    return this.#printed;
  }

  readonly run: RunProcess = async (argv, options) => await this.#checked(runOnHost(this.#open, argv, options));

  start(argv: Argv, options?: HostProcessOptions & { repository?: string }): HostProcess {
    return startOnHost(this.#open, argv, options);
  }

  async startDetached(argv: Argv, options: HostProcessOptions & { output?: string } = {}): Promise<ProcessIdentity> {
    return await this.#checked(startDetachedOnHost(this.#open, argv, options));
  }

  tail(path: string, fromOffset: number): Readable {
    return this.read({ request: 'tail', path, offset: fromOffset });
  }

  async connectSocket(endpoint: string | number): Promise<Duplex> {
    return await this.#checked(connectOnHost(this.#open, endpoint));
  }

  async readFile(path: string, maxBytes: number): Promise<Buffer | undefined> {
    return await this.#checked(readHostFile(this.#open, path, maxBytes));
  }

  async stat(path: string): Promise<HostFile | undefined> {
    return await this.#checked(statOnHost(this.#open, path));
  }

  async list(path: string): Promise<string[] | undefined> {
    return await this.#checked(listOnHost(this.#open, path));
  }

  async probe(git: string): Promise<HostFacts> {
    return await this.#checked(probeHost(this.#open, git));
  }

  async liveness(identity: ProcessIdentity): Promise<Liveness> {
    return await this.#checked(livenessOnHost(this.#open, identity));
  }

  async ask<S extends v.GenericSchema>(
    request: HostRequest,
    schema: S,
    content?: Uint8Array | AsyncIterable<Uint8Array>,
  ): Promise<v.InferOutput<S>> {
    return await this.#checked(askHost(this.#open, request, schema, content));
  }

  read(request: HostRequest): Readable {
    return readFromHost(this.#open, request);
  }

  /** Begins to connect when it is this host's turn. */
  async connectInTurn(): Promise<HostState> {
    return await this.#connect(async () => await this.#tryInTurn());
  }

  async reconnectNow(ask?: AskPerson): Promise<HostState> {
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#line?.abort();
    await this.#attempt; // one that may not ask
    return await this.#connect(async () => await this.#tryOnce(ask));
  }

  close(): void {
    this.#closing.abort();
    this.#line?.abort();
    clearTimeout(this.#retry);
    this.#link?.close();
    this.#changes.dispose();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  readonly #open = (request: HostRequest): ReturnType<HostLink['open']> => {
    if (this.#state.kind === 'unreachable') throw new CorralError('HOST_UNREACHABLE', this.#state.error.message);
    if (this.#link === undefined) throw this.#unreachable(l10n.t('not connected yet'));
    try {
      return this.#link.open(request);
    } catch (error) {
      if (error instanceof ChannelError) throw this.#errorOf(error);
      throw error;
    }
  };

  #unreachable(reason: string, cause?: unknown): CorralError {
    return new HostError('HOST_UNREACHABLE', { host: this.#options.name, step: 'connect' }, reason, { cause });
  }

  #lost(reason: string, cause?: unknown): CorralError {
    if (this.#isClosed) return this.#unreachable(reason, cause);
    return this.#unreachable(l10n.t('the connection ended ({reason}). Corral makes a new one.', { reason }), cause);
  }

  readonly #errorOf = (error: ChannelError): CorralError => {
    if (error.code === 'LINK_CLOSED') return this.#lost(error.message, error);
    const message =
      error.code === 'TOO_LONG'
        ? l10n.t('it takes no text that is so long. Attach long texts as files.')
        : oneLine(error.message);
    return new HostError('HOST_FAILED', { host: this.#options.name, step: 'request' }, message, { cause: error });
  };

  /** The result; whatever else it ends with than an error for people becomes one. */
  async #checked<T>(asking: Promise<T>): Promise<T> {
    try {
      return await asking;
    } catch (error) {
      throw error instanceof CorralError ? error : this.#errorOf(new ChannelError('FAILED', messageOf(error)));
    }
  }

  #setState(state: HostState): void {
    if (this.#isClosed) return;
    if (state.kind === 'connected') this.#lostSinceMs = undefined;
    else if (state.kind === 'unreachable') this.#lostSinceMs = state.sinceMs;
    if (state.kind === 'unreachable') this.#options.log.info(state.error.message);
    this.#state = state;
    this.#changes.fire(state);
  }

  async #connect(attempt: () => Promise<HostState>): Promise<HostState> {
    if (this.state.kind === 'connected' || this.#isClosed) return this.#state;
    clearTimeout(this.#retry);
    this.#attempt ??= attempt().finally(() => (this.#attempt = undefined));
    return await this.#attempt;
  }

  async #tryInTurn(): Promise<HostState> {
    const { attempts } = this.#options;
    if (attempts === undefined) return await this.#tryOnce();
    this.#line = new AbortController();
    try {
      return await attempts.run(async () => await this.#tryOnce(), this.#line.signal);
    } catch {
      return this.#state; // somebody does not want to wait for its turn
    }
  }

  async #tryOnce(ask?: AskPerson): Promise<HostState> {
    const silent = this.#link;
    this.#link = undefined;
    silent?.close();
    this.#setState({ kind: 'connecting', sinceMs: Date.now() });
    const { openTransport, version, answerLimitMs = DEFAULT_ANSWER_LIMIT_MS } = this.#options;
    const closing = this.#closing.signal;
    try {
      const transport = await openTransport({ ask, signal: closing });
      this.#printed = transport.printed;
      const link = await HostLink.open(transport, {
        version,
        signal: AbortSignal.any([AbortSignal.timeout(answerLimitMs), closing]),
        onSilence: (silentMs) => this.#noteSilence(silentMs),
        errorOf: this.#errorOf,
      });
      this.#link = link;
      const sinceMs = Date.now();
      void link.lost.then((reason) => this.#noteLoss(link, reason, sinceMs));
      if (this.#isClosed) link.close();
      this.#setState({ kind: 'connected', sinceMs });
    } catch (error) {
      this.#retryLater(error instanceof CorralError ? error : this.#unreachable(messageOf(error), error));
    }
    return this.#state;
  }

  #noteLoss(link: HostLink, reason: string, sinceMs: number): void {
    if (this.#link !== link || this.#isClosed) return;
    this.#link = undefined;
    // One that breaks again and again is not tried every second.
    if (Date.now() - sinceMs > MAX_PAUSE_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#retryLater(this.#lost(reason));
  }

  #noteSilence(silentMs: number): void {
    if (this.#link === undefined) return; // not yet
    const silence = l10n.t('it does not answer');
    const error = this.#unreachable(silence);
    if (silentMs >= DEAD_MS) this.#link.close(silence);
    else if (silentMs >= SILENT_MS && this.#state.kind === 'connected')
      this.#setState({ kind: 'unreachable', sinceMs: Date.now() - silentMs, error });
    else if (silentMs === 0 && this.#state.kind === 'unreachable')
      this.#setState({ kind: 'connected', sinceMs: Date.now() });
  }

  #retryLater(error: CorralError): void {
    const sinceMs = this.#lostSinceMs ?? Date.now();
    if (this.#isClosed || !PASSING.includes(error.code)) {
      this.#setState({ kind: 'unreachable', sinceMs, error });
      return;
    }
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(MAX_PAUSE_MS, pauseMs * 2);
    this.#retry = setTimeout(() => void this.connectInTurn(), pauseMs);
    this.#setState({ kind: 'unreachable', sinceMs, error, retryAtMs: Date.now() + pauseMs });
  }
}
