/** Frames on a stream of bytes: kind (1 byte), channel (4, big endian), length of the payload (4), payload. */
const HEADER_BYTES = 9;

/** What an `open` frame may carry; it holds up the other channels only for so long. */
export const MAX_REQUEST_BYTES = 1 << 20;
/** What any other frame may carry. */
export const MAX_PAYLOAD_BYTES = 64 * 1024;

/** `credit` carries a number of bytes that the other side may send; `error` a code, a space and a message. */
export const FRAME_KINDS = {
  open: 1,
  data: 2,
  end: 3,
  error: 4,
  credit: 5,
  message: 6,
  heartbeat: 7,
} as const;
export type FrameKind = keyof typeof FRAME_KINDS;

const KINDS = new Map<number, FrameKind>(
  Object.entries(FRAME_KINDS).map(([kind, byte]) => [byte, kind as FrameKind]), // the keys of a constant
);

export interface Frame {
  kind: FrameKind;
  /** 0 for a heartbeat. */
  channel: number;
  payload: Buffer;
}

/** The bytes are no frames, or frames that this side cannot have been sent: the stream is of no use any more. */
export class InvalidFrameError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'InvalidFrameError';
  }
}

/** The frame's bytes. Those of the payload are copied. */
export function encodeFrame({ kind, channel, payload }: Frame): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeUInt8(FRAME_KINDS[kind], 0);
  bytes.writeUInt32BE(channel, 1);
  bytes.writeUInt32BE(payload.length, 5);
  payload.copy(bytes, HEADER_BYTES);
  return bytes;
}

interface Header {
  kind: FrameKind;
  channel: number;
  length: number;
}

function decodeHeader(bytes: Buffer): Header {
  const kind = KINDS.get(bytes.readUInt8(0));
  if (kind === undefined) throw new InvalidFrameError(`A frame of the unknown kind ${bytes.readUInt8(0)} was received`);
  const length = bytes.readUInt32BE(5);
  if (length > (kind === 'open' ? MAX_REQUEST_BYTES : MAX_PAYLOAD_BYTES))
    throw new InvalidFrameError(`A frame of ${length} bytes was received, which is too long`);
  return { kind, channel: bytes.readUInt32BE(1), length };
}

/**
 * Cuts a stream of bytes into frames, wherever its chunks end. One of data comes in pieces, as it arrives, and is not
 * copied.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  #header: Header | undefined;

  /** @throws InvalidFrameError as soon as the header of a frame is wrong */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    for (;;) {
      if (this.#header === undefined) {
        if (this.#bytes < HEADER_BYTES) return;
        this.#header = decodeHeader(this.#take(HEADER_BYTES));
      }
      const { kind, channel, length } = this.#header;
      if (this.#bytes < length) {
        const come = this.#bytes;
        if (kind !== 'data' || come === 0) return;
        this.#header = { kind, channel, length: length - come };
        yield { kind, channel, payload: this.#take(come) };
        return;
      }
      this.#header = undefined;
      yield { kind, channel, payload: this.#take(length) };
    }
  }

  /** The next bytes, of which there are enough. They are copied only where they lie in several chunks. */
  #take(length: number): Buffer {
    const first = this.#chunks[0] ?? Buffer.alloc(0);
    const all = first.length >= length ? first : Buffer.concat(this.#chunks);
    const rest = all.subarray(length);
    const later = all === first ? this.#chunks.slice(1) : [];
    this.#chunks = rest.length > 0 ? [rest, ...later] : later;
    this.#bytes -= length;
    return all.subarray(0, length);
  }
}
