import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { hasCode } from '../../src/common/errors';

export interface OutputFrame {
  stream: 'stdout' | 'stderr';
  /** Milliseconds since 1970, when the bytes were read. */
  timeMs: number;
  bytes: Buffer;
}

/** As `src/supervisor/runner/outputLog.ts` describes it. */
const HEADER_BYTES = 16;
const MARKER = 0xc0;
const STREAMS = new Map([
  [1, 'stdout'],
  [2, 'stderr'],
] as const);

/** The frames of the log at `path`, or of `<path>.gz`, up to a torn last one. Throws for anything that is no frame. */
export async function* readOutputFrames(path: string): AsyncGenerator<OutputFrame> {
  const isPlain = await stat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
  const source = isPlain ? createReadStream(path) : createReadStream(`${path}.gz`).pipe(createGunzip());
  let rest = Buffer.alloc(0);
  // Without an encoding both kinds of stream give buffers.
  for await (const chunk of source as AsyncIterable<Buffer>) {
    rest = Buffer.concat([rest, chunk]);
    for (let frame = decodeFrame(rest); frame !== undefined; frame = decodeFrame(rest)) {
      rest = rest.subarray(HEADER_BYTES + frame.bytes.length);
      yield frame;
    }
  }
}

function decodeFrame(bytes: Buffer): OutputFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const code = bytes.readUInt8(1);
  const stream = code === 1 || code === 2 ? STREAMS.get(code) : undefined;
  if (bytes.readUInt8(0) !== MARKER || stream === undefined) throw new Error('The output log is damaged');
  const length = bytes.readUInt32LE(4);
  if (bytes.length < HEADER_BYTES + length) return undefined;
  return { stream, timeMs: bytes.readDoubleLE(8), bytes: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length) };
}
