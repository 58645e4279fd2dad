import { Duplex } from 'node:stream';
import type { Event } from '../disposable';
import { Emitter } from '../emitter';
import type { FrameKind } from './frames';
import { InvalidFrameError, MAX_PAYLOAD_BYTES } from './frames';

/** What one side may send before the other has read any of it, as for a channel of OpenSSH by its order. */
export const WINDOW_BYTES = 2 << 20;
const HIGH_WATER_BYTES = 64 * 1024;

/** Why a channel ended early: a stable code in capitals, and words for a log. */
export class ChannelError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'ChannelError';
    this.code = code;
  }
}

const CLOSED = new ChannelError('CANCELLED', 'The channel was closed');

/** What a channel needs of its multiplexer. */
export interface ChannelLink {
  send(kind: FrameKind, channel: number, payload?: Buffer): void;
  /** Asks for a call of `sendPiece` when the stream has room, in turn with the other channels. */
  requestTurn(channel: Channel): void;
  /** Nothing can come for the channel any more. */
  release(channel: Channel): void;
}

/**
 * One of many streams of bytes on a link. Each side ends its own direction by `end()`, and both by `destroy(error)`,
 * which the other side gets as a `ChannelError`; an error that nobody listens to is no fault of the process.
 */
export class Channel extends Duplex {
  readonly id: number;
  /** The bytes that it was opened with. */
  readonly request: Buffer;
  readonly #link: ChannelLink;
  readonly #messages = new Emitter<Buffer>((error) => this.destroy(asError(error)));
  /** Received and not yet handed to the reader. */
  readonly #received: Buffer[] = [];
  #isReading = false;
  /** What the other side may still send. */
  #window = WINDOW_BYTES;
  /** What the reader has taken and the other side was not told of yet. */
  #taken = 0;
  /** What this side may still send. */
  #credit = WINDOW_BYTES;
  #pending: { bytes: Buffer; done: (error?: Error | null) => void } | undefined;
  #hasSentEnd = false;
  #hasReceivedEnd = false;
  #isReleased = false;

  constructor(id: number, request: Buffer, link: ChannelLink) {
    super({ allowHalfOpen: true, readableHighWaterMark: HIGH_WATER_BYTES, writableHighWaterMark: HIGH_WATER_BYTES });
    this.id = id;
    this.request = request;
    this.#link = link;
    this.on('error', () => undefined);
  }

  /** Small messages beside the data: in their own order, but they may overtake data that waits for its reader. */
  get onMessage(): Event<Buffer> {
    return this.#messages.event;
  }

  /** Sends at most `MAX_PAYLOAD_BYTES`, at once; nothing where the channel has ended. */
  sendMessage(message: Buffer): void {
    if (message.length > MAX_PAYLOAD_BYTES) throw new RangeError(`A message of ${message.length} bytes is too long`);
    if (!this.#isReleased) this.#link.send('message', this.id, message);
  }

  override _read(): void {
    this.#isReading = true;
    this.#deliver();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#pending = { bytes, done };
    this.#link.requestTurn(this);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#hasSentEnd = true;
    if (!this.#isReleased) this.#link.send('end', this.id);
    this.#releaseIfEnded();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#isReleased) {
      const { code, message } = asChannelError(error);
      this.#link.send('error', this.id, Buffer.from(`${code} ${message}`).subarray(0, MAX_PAYLOAD_BYTES));
      this.#release();
    }
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.done(error ?? CLOSED);
    this.#received.length = 0;
    done(error);
  }

  /** For the multiplexer: sends one piece of what is written. Returns true where there is more that may be sent. */
  sendPiece(): boolean {
    if (this.#pending === undefined || this.#isReleased) return false;
    const { bytes, done } = this.#pending;
    const length = Math.min(this.#credit, MAX_PAYLOAD_BYTES, bytes.length);
    if (length === 0 && bytes.length > 0) return false;
    if (length > 0) this.#link.send('data', this.id, bytes.subarray(0, length));
    this.#credit -= length;
    if (length < bytes.length) {
      this.#pending = { bytes: bytes.subarray(length), done };
      return this.#credit > 0;
    }
    this.#pending = undefined;
    done(); // may write the next bytes, and ask for a turn by that
    return false;
  }

  /**
   * For the multiplexer: takes a frame of the other side.
   * @throws InvalidFrameError where that side may not send it
   */
  receive(kind: FrameKind, payload: Buffer): void {
    switch (kind) {
      case 'data':
        this.#window -= payload.length;
        if (this.#hasReceivedEnd || this.#window < 0)
          throw new InvalidFrameError(`Data was received that channel ${this.id} has no room for`);
        if (payload.length > 0) this.#received.push(payload);
        this.#deliver();
        return;
      case 'end':
        if (this.#hasReceivedEnd) throw new InvalidFrameError(`Channel ${this.id} was ended twice`);
        this.#hasReceivedEnd = true;
        this.#releaseIfEnded();
        this.#deliver();
        return;
      case 'credit':
        if (payload.length !== 4) throw new InvalidFrameError('A frame of credit has not the right length');
        this.#credit += payload.readUInt32BE(0);
        if (this.#credit > WINDOW_BYTES) throw new InvalidFrameError(`Channel ${this.id} was given too much credit`);
        if (this.#pending !== undefined) this.#link.requestTurn(this);
        return;
      case 'message':
        this.#messages.fire(payload);
        return;
      default:
        throw new InvalidFrameError(`A frame of the kind “${kind}” was received for channel ${this.id}`);
    }
  }

  /** For the multiplexer: the other side, or the whole link, ended the channel. */
  abort(error: Error): void {
    this.#release();
    this.destroy(error);
  }

  #deliver(): void {
    while (this.#isReading) {
      const bytes = this.#received.shift();
      if (bytes === undefined) break;
      this.#isReading = this.push(bytes);
      this.#giveCredit(bytes.length);
    }
    if (this.#hasReceivedEnd && this.#received.length === 0 && this.#isReading) {
      this.#isReading = false;
      this.push(null);
    }
  }

  /** Told in larger pieces, so that small reads do not cost a frame each. */
  #giveCredit(bytes: number): void {
    this.#taken += bytes;
    if (this.#taken < WINDOW_BYTES / 2 || this.#hasReceivedEnd || this.#isReleased) return;
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(this.#taken);
    this.#window += this.#taken;
    this.#taken = 0;
    this.#link.send('credit', this.id, payload);
  }

  #releaseIfEnded(): void {
    if (this.#hasSentEnd && this.#hasReceivedEnd) this.#release();
  }

  #release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#link.release(this);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What the other side is told of the end of a channel. */
function asChannelError(error: Error | null): ChannelError {
  if (error instanceof ChannelError) return error;
  return error === null ? CLOSED : new ChannelError('FAILED', error.message);
}
