import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'mocha';
import { dropUntilSentinel, NoSentinelError } from '../../../../src/common/channels/sentinel';
import { readAll, testBytes } from './linkFixture';

const SENTINEL = Buffer.from('corral-0123456789abcdef\n');

/** What is dropped and what is left where the stream has these bytes, cut in two. */
async function split(bytes: Buffer, cut: number): Promise<[printed: string, rest: Buffer]> {
  const stream = new PassThrough();
  stream.write(bytes.subarray(0, cut));
  setImmediate(() => stream.end(bytes.subarray(cut)));
  const printed = await dropUntilSentinel(stream, SENTINEL);
  return [printed, await readAll(stream)];
}

describe('a sentinel in a stream', () => {
  it('ends what the host printed, wherever the chunks end', async () => {
    const banner = 'Welcome to corral-0123!\ncorral-0123456789abcdeg\n';
    const rest = Buffer.concat([Buffer.from([0, 255, 10]), SENTINEL, Buffer.from('end')]);
    const bytes = Buffer.concat([Buffer.from(banner), SENTINEL, rest]);
    for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(await split(bytes, cut), [banner, rest]);
  });

  it('may come first', async () => {
    assert.deepEqual(await split(Buffer.concat([SENTINEL, Buffer.from('x')]), 3), ['', Buffer.from('x')]);
  });

  it('is found behind a long print, of which only the beginning is kept', async () => {
    const [printed, rest] = await split(Buffer.concat([Buffer.alloc(3_000_000, 'a'), SENTINEL]), 1_500_000);
    assert.deepEqual([printed, rest.length], ['a'.repeat(16 * 1024), 0]);
  });

  it('is missed when the stream ends, with what was printed instead', async () => {
    const stream = new PassThrough();
    stream.end('sh: node: not found\n');
    const error = await dropUntilSentinel(stream, SENTINEL).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof NoSentinelError);
    assert.equal(error.printed, 'sh: node: not found\n');
  });

  it('is not waited for any longer when the wait is given up', async () => {
    const stream = new PassThrough();
    const controller = new AbortController();
    const waiting = dropUntilSentinel(stream, SENTINEL, controller.signal);
    stream.write(testBytes(100));
    controller.abort();
    await assert.rejects(waiting, { code: 'NO_SENTINEL' });
  });
});
