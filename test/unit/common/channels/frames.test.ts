import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { Frame } from '../../../../src/common/channels/frames';
import {
  encodeFrame,
  FrameReader,
  InvalidFrameError,
  MAX_PAYLOAD_BYTES,
  MAX_REQUEST_BYTES,
} from '../../../../src/common/channels/frames';
import { testBytes } from './linkFixture';

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
const FRAMES: Frame[] = [
  { kind: 'open', channel: 1, payload: Buffer.from('{"request":"probe"}') },
  { kind: 'data', channel: 1, payload: ALL_BYTES },
  { kind: 'data', channel: 0xffff_ffff, payload: Buffer.alloc(0) },
  { kind: 'heartbeat', channel: 0, payload: Buffer.alloc(0) },
  { kind: 'error', channel: 2, payload: Buffer.from('FAILED ü') },
  { kind: 'end', channel: 1, payload: Buffer.alloc(0) },
];

function readFrames(chunks: Iterable<Buffer>): Frame[] {
  const reader = new FrameReader();
  return [...chunks].flatMap((chunk) => [...reader.push(chunk)]);
}

/** Data comes in pieces, as the stream brings it. */
function joined(frames: readonly Frame[]): Frame[] {
  const whole: Frame[] = [];
  for (const frame of frames) {
    const last = whole.at(-1);
    if (last?.kind === 'data' && frame.kind === 'data' && last.channel === frame.channel)
      last.payload = Buffer.concat([last.payload, frame.payload]);
    else whole.push({ ...frame });
  }
  return whole;
}

/** A header alone. */
function header(kind: number, length: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = kind;
  bytes.writeUInt32BE(length, 5);
  return bytes;
}

describe('frames on a stream of bytes', () => {
  const stream = Buffer.concat(FRAMES.map(encodeFrame));

  it('hold the same when the stream is cut at any byte', () => {
    for (let cut = 0; cut <= stream.length; cut++)
      assert.deepEqual(joined(readFrames([stream.subarray(0, cut), stream.subarray(cut)])), FRAMES);
  });

  it('hold the same when each byte comes alone', () => {
    assert.deepEqual(joined(readFrames(Array.from(stream, (byte) => Buffer.of(byte)))), FRAMES);
  });

  it('may be as long as the limits', () => {
    const longest: Frame[] = [
      { kind: 'open', channel: 1, payload: testBytes(MAX_REQUEST_BYTES) },
      { kind: 'data', channel: 1, payload: testBytes(MAX_PAYLOAD_BYTES) },
    ];
    assert.deepEqual(readFrames(longest.map(encodeFrame)), longest);
  });

  it('are refused by their header alone when they are longer', () => {
    assert.throws(() => readFrames([header(1, MAX_REQUEST_BYTES + 1)]), InvalidFrameError);
    for (const kind of [2, 3, 4, 5, 6, 7])
      assert.throws(() => readFrames([header(kind, MAX_PAYLOAD_BYTES + 1)]), /which is too long/);
  });

  it('are refused when their kind is unknown', () => {
    for (const kind of [0, 8, 9, 32, 104, 255]) assert.throws(() => readFrames([header(kind, 0)]), /unknown kind/);
    assert.throws(() => readFrames([Buffer.from('Last login: Sun Nov 29\n')]), InvalidFrameError);
  });
});
