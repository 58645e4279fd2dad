/** Many channels over one stream of bytes. A channel that nobody reads holds up itself alone. */
import type { Readable, Writable } from 'node:stream';
import { messageOf } from '../errors';
import { Channel, ChannelError } from './channel';
import type { ChannelLink } from './channel';
import type { Frame, FrameKind } from './frames';
import { encodeFrame, FrameReader, InvalidFrameError, MAX_REQUEST_BYTES } from './frames';

/** How often each side says that it is there. */
export const HEARTBEAT_MS = 5_000;
const MAX_FOREIGN_CHANNELS = 1_024;
const EMPTY = Buffer.alloc(0);

export interface MultiplexerOptions {
  /** The two ends of the stream, which may be one and the same object. They belong to the multiplexer from now on. */
  input: Readable;
  output: Writable;
  /** The two sides count their channels apart. */
  side: 'client' | 'host';
  /** The other side has opened a channel; where absent, it may not. */
  onChannel?: (channel: Channel) => void;
  /** Told at each beat in which nothing came, with the time of silence, and with 0 when it is over. */
  onSilence?: (silentMs: number) => void;
  /** What the channels here end with in place of an error of the other side or of the link. */
  errorOf?: (error: ChannelError) => Error;
  heartbeatMs?: number;
}

export class Multiplexer {
  /** Settles with the reason when no channel works any more: the stream ended or broke, or `close` was called. */
  readonly closed: Promise<string>;
  readonly #options: MultiplexerOptions;
  readonly #reader = new FrameReader();
  readonly #channels = new Map<number, Channel>();
  /** Those with something to send, in turn. */
  readonly #waiting = new Set<Channel>();
  readonly #heartbeatMs: number;
  readonly #heartbeat: NodeJS.Timeout;
  readonly #link: ChannelLink = {
    send: (kind, channel, payload) => this.#send(kind, channel, payload),
    requestTurn: (channel) => {
      this.#waiting.add(channel);
      this.#sendPieces();
    },
    release: (channel) => {
      this.#channels.delete(channel.id);
      this.#waiting.delete(channel);
    },
  };
  #setClosed: (reason: string) => void = () => undefined;
  #isClosed = false;
  #isSending = false;
  #nextId: number;
  #lastForeignId = 0;
  #silentBeats = 0;

  constructor(options: MultiplexerOptions) {
    this.#options = options;
    this.closed = new Promise((resolve) => (this.#setClosed = resolve));
    this.#nextId = options.side === 'client' ? 1 : 2;
    const { input, output } = options;
    input.on('data', (chunk: Buffer) => this.#receive(chunk));
    input.once('end', () => this.#finish('The stream has ended'));
    input.once('close', () => this.#finish('The stream was closed'));
    input.on('error', (error) => this.#finish(messageOf(error)));
    output.on('error', (error) => this.#finish(messageOf(error)));
    output.once('close', () => this.#finish('The stream was closed'));
    output.on('drain', () => this.#sendPieces());
    input.resume(); // whoever read its beginning has paused it
    this.#heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
    this.#heartbeat = setInterval(() => this.#beat(), this.#heartbeatMs);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Opens a channel, which can be used at once.
   * @throws ChannelError TOO_LONG, LINK_CLOSED
   */
  open(request: Buffer): Channel {
    if (request.length > MAX_REQUEST_BYTES)
      throw new ChannelError('TOO_LONG', `A request of ${request.length} bytes is too long`);
    if (this.#isClosed) throw new ChannelError('LINK_CLOSED', 'The link is closed');
    const channel = new Channel(this.#nextId, request, this.#link);
    this.#nextId += 2;
    this.#channels.set(channel.id, channel);
    this.#send('open', channel.id, request);
    return channel;
  }

  /** Ends all channels and the stream. */
  close(reason = 'The link was closed'): void {
    this.#finish(reason);
  }

  #send(kind: FrameKind, channel: number, payload: Buffer = EMPTY): void {
    if (!this.#isClosed) this.#options.output.write(encodeFrame({ kind, channel, payload }));
  }

  /** Lets each waiting channel send one piece after the other while the stream has room. */
  #sendPieces(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    for (const channel of this.#waiting) {
      if (this.#isClosed || this.#options.output.writableNeedDrain) break;
      this.#waiting.delete(channel);
      if (channel.sendPiece()) this.#waiting.add(channel); // visited again, after the others
    }
    this.#isSending = false;
  }

  #beat(): void {
    this.#send('heartbeat', 0);
    // Beats are counted, not time: after a sleep of this machine the other side is not what was silent.
    if (this.#silentBeats > 0) this.#options.onSilence?.(this.#silentBeats * this.#heartbeatMs);
    this.#silentBeats++;
  }

  #receive(chunk: Buffer): void {
    if (this.#silentBeats > 1) this.#options.onSilence?.(0);
    this.#silentBeats = 0;
    try {
      for (const frame of this.#reader.push(chunk)) {
        if (this.#isClosed) return;
        this.#take(frame);
      }
    } catch (error) {
      if (!(error instanceof InvalidFrameError)) throw error;
      this.#finish(error.message);
    }
  }

  #take({ kind, channel: id, payload }: Frame): void {
    if (kind === 'heartbeat') return;
    if (kind === 'open') {
      this.#accept(id, payload);
      return;
    }
    const channel = this.#channels.get(id);
    if (channel === undefined) {
      // It was sent before the other side knew of the channel's end.
      if (this.#isForeign(id) ? id <= this.#lastForeignId : id < this.#nextId && id > 0) return;
      throw new InvalidFrameError(`A frame was received for channel ${id}, which was never opened`);
    }
    if (kind === 'error') {
      const text = payload.toString('utf8');
      const [, code = 'FAILED', message = text] = /^([A-Z_]{1,64}) (.*)$/s.exec(text) ?? [];
      this.#abort(channel, new ChannelError(code, message));
      return;
    }
    channel.receive(kind, payload);
  }

  #accept(id: number, request: Buffer): void {
    if (!this.#isForeign(id) || id <= this.#lastForeignId)
      throw new InvalidFrameError(`Channel ${id} was opened, which is not the other side's next one`);
    this.#lastForeignId = id;
    const channel = new Channel(id, request, this.#link);
    const isFull = [...this.#channels.keys()].filter((each) => this.#isForeign(each)).length >= MAX_FOREIGN_CHANNELS;
    this.#channels.set(id, channel);
    const { onChannel } = this.#options;
    if (isFull) channel.destroy(new ChannelError('TOO_MANY', 'Too many channels are open'));
    else if (onChannel === undefined) channel.destroy(new ChannelError('REFUSED', 'No channel is accepted'));
    else onChannel(channel);
  }

  #abort(channel: Channel, error: ChannelError): void {
    channel.abort(this.#options.errorOf?.(error) ?? error);
  }

  #isForeign(id: number): boolean {
    return id % 2 !== this.#nextId % 2;
  }

  #finish(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    this.#options.output.end();
    this.#options.input.resume(); // so that its end is reached
    for (const channel of [...this.#channels.values()]) this.#abort(channel, new ChannelError('LINK_CLOSED', reason));
    this.#setClosed(reason);
  }
}
