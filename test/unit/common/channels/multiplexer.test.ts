import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { type Channel, ChannelError, WINDOW_BYTES } from '../../../../src/common/channels/channel';
import { encodeFrame, MAX_PAYLOAD_BYTES, MAX_REQUEST_BYTES } from '../../../../src/common/channels/frames';
import { nextTurn, waitFor } from '../../../support/wait';
import { fill, readAll, testBytes, TestLink } from './linkFixture';

/** The error that a channel ends with. */
async function failureOf(channel: Channel): Promise<unknown> {
  return await new Promise((resolve) => channel.once('error', resolve));
}

describe('channels over one stream', () => {
  let link: TestLink;
  beforeEach(() => (link = new TestLink()));
  afterEach(() => link.close());

  it('carry the request, and bytes of all values both ways', async () => {
    const [client, host] = await link.open('{"request":"echo"}');
    assert.equal(host.request.toString(), '{"request":"echo"}');
    const bytes = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, value) => value)), testBytes(1 << 20)]);
    host.pipe(host);
    client.end(bytes);
    assert.ok((await readAll(client)).equals(bytes));
  });

  it('carry the same when each byte of the stream comes alone', async () => {
    const bytewise = new TestLink(
      {},
      new PassThrough({
        transform(chunk: Buffer, _encoding, done) {
          for (const byte of chunk) this.push(Buffer.of(byte));
          done();
        },
      }),
    );
    const [client, host] = await bytewise.open();
    const bytes = testBytes(100_000);
    host.end(bytes);
    assert.ok((await readAll(client)).equals(bytes));
    bytewise.close();
  });

  it('do not disturb each other, a hundred at a time', async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const [client, host] = await link.open(String(index));
        host.pipe(host);
        const bytes = testBytes(200_000 + index, index + 1);
        // In pieces, so that those of all channels are mixed.
        void (async () => {
          for (let start = 0; start < bytes.length; start += 7_000) {
            client.write(bytes.subarray(start, start + 7_000));
            await nextTurn();
          }
          client.end();
        })();
        assert.equal(host.request.toString(), String(index));
        assert.ok((await readAll(client)).equals(bytes));
      }),
    );
  });

  it('let a reader that does not read hold up nobody else', async () => {
    const [, unread] = await link.open('unread');
    const [read, other] = await link.open('read');
    let sent = 0;
    const chunk = Buffer.alloc(MAX_PAYLOAD_BYTES);
    // It takes what the window and the buffers on its own side hold, and no more.
    for (;;) {
      sent += fill(unread, chunk);
      const hasRoom = await Promise.race([once(unread, 'drain').then(() => true), settled().then(() => false)]);
      if (!hasRoom) break;
    }
    assert.ok(sent >= WINDOW_BYTES && sent <= WINDOW_BYTES + 4 * MAX_PAYLOAD_BYTES, `${sent} bytes were taken`);
    const bytes = testBytes(3 * WINDOW_BYTES);
    other.end(bytes);
    assert.ok((await readAll(read)).equals(bytes));
  });

  it('go on where they were held up once they are read', async () => {
    const [client, host] = await link.open();
    const bytes = testBytes(5 * WINDOW_BYTES);
    host.end(bytes);
    await settled();
    assert.ok((await readAll(client)).equals(bytes));
  });

  it('are ended in one direction alone', async () => {
    const [client, host] = await link.open();
    client.end('question');
    assert.equal((await readAll(host)).toString(), 'question');
    assert.equal(client.readableEnded, false);
    host.write('an');
    await settled();
    host.end('swer');
    assert.equal((await readAll(client)).toString(), 'answer');
    const [second, secondHost] = await link.open();
    secondHost.end('first');
    assert.equal((await readAll(second)).toString(), 'first');
    second.end('then');
    assert.equal((await readAll(secondHost)).toString(), 'then');
  });

  it('end with a code and a message, at either side', async () => {
    const [client, host] = await link.open();
    const failed = failureOf(client);
    host.destroy(new ChannelError('NOT_FOUND', 'There is no ü'));
    const error = await failed;
    assert.ok(error instanceof ChannelError);
    assert.deepEqual([error.code, error.message], ['NOT_FOUND', 'There is no ü']);
    const [other, otherHost] = await link.open();
    const ended = failureOf(otherHost);
    other.destroy();
    assert.equal(((await ended) as ChannelError).code, 'CANCELLED');
  });

  it('are not disturbed by frames that cross the end of another', async () => {
    const [client, host] = await link.open();
    const [other, otherHost] = await link.open();
    host.write(testBytes(100_000));
    client.destroy();
    host.write(testBytes(100_000));
    otherHost.end('fine');
    assert.equal((await readAll(other)).toString(), 'fine');
  });

  it('carry messages beside the data', async () => {
    const [client, host] = await link.open();
    const messages: string[] = [];
    client.onMessage((message) => messages.push(message.toString()));
    host.write(testBytes(2 * WINDOW_BYTES)); // nobody reads it
    host.sendMessage(Buffer.from('one'));
    host.sendMessage(Buffer.from('two'));
    await waitFor(() => messages.length === 2, { what: 'both messages' });
    assert.deepEqual(messages, ['one', 'two']);
    assert.throws(() => host.sendMessage(Buffer.alloc(MAX_PAYLOAD_BYTES + 1)), RangeError);
  });

  it('may be opened by both sides where both accept them', async () => {
    const refused = link.host.open(Buffer.from('from the host'));
    assert.equal(((await failureOf(refused)) as ChannelError).code, 'REFUSED');
    assert.throws(() => link.client.open(Buffer.alloc(MAX_REQUEST_BYTES + 1)), { code: 'TOO_LONG' });
  });

  it('are refused beyond a thousand', async () => {
    const channels = Array.from({ length: 1_025 }, () => link.client.open(Buffer.alloc(0)));
    const last = channels.at(-1);
    assert.ok(last);
    assert.equal(((await failureOf(last)) as ChannelError).code, 'TOO_MANY');
    assert.equal(channels.filter((channel) => channel.destroyed).length, 1);
  });
});

describe('a link of channels', () => {
  it('ends all its channels when the stream ends', async () => {
    const link = new TestLink();
    const [client, host] = await link.open();
    const failures = [failureOf(client), failureOf(host)];
    link.toClient.end();
    assert.equal(await link.client.closed, 'The stream has ended');
    await link.host.closed;
    for (const failure of await Promise.all(failures)) assert.equal((failure as ChannelError).code, 'LINK_CLOSED');
    assert.throws(() => link.client.open(Buffer.alloc(0)), { code: 'LINK_CLOSED' });
  });

  for (const [what, bytes] of [
    ['text', Buffer.from('bash: warning: setlocale\n')],
    ['a frame for a channel that was never opened', encodeFrame({ kind: 'data', channel: 99, payload: Buffer.of(1) })],
    ['an open of its own number', encodeFrame({ kind: 'open', channel: 3, payload: Buffer.alloc(0) })],
    ['credit without a number', encodeFrame({ kind: 'credit', channel: 1, payload: Buffer.of(1) })],
    ['too much credit', encodeFrame({ kind: 'credit', channel: 1, payload: Buffer.of(255, 255, 255, 255) })],
    [
      'two ends',
      Buffer.concat(
        Array.from({ length: 2 }, () => encodeFrame({ kind: 'end', channel: 1, payload: Buffer.alloc(0) })),
      ),
    ],
    [
      'more data than there is room for',
      Buffer.concat(
        Array.from({ length: WINDOW_BYTES / MAX_PAYLOAD_BYTES + 1 }, () =>
          encodeFrame({ kind: 'data', channel: 1, payload: Buffer.alloc(MAX_PAYLOAD_BYTES) }),
        ),
      ),
    ],
  ] as const)
    it(`ends with a reason when the other side sends ${what}`, async () => {
      const link = new TestLink();
      const [client] = await link.open();
      const failed = failureOf(client);
      link.toClient.write(bytes);
      assert.match(await link.client.closed, /^(A frame|Data|Channel 1|Channel 3|A frame of credit)/);
      assert.equal(((await failed) as ChannelError).code, 'LINK_CLOSED');
      link.close();
    });

  it('tells of a silent other side, and when that speaks again', async () => {
    const silences: number[] = [];
    const link = new TestLink({
      client: { heartbeatMs: 20, onSilence: (ms) => silences.push(ms) },
      host: { heartbeatMs: 1e6 },
    });
    try {
      await waitFor(() => silences.length >= 3, { what: 'three beats without an answer' });
      assert.deepEqual(silences.slice(0, 3), [20, 40, 60]);
      const [client, host] = await link.open();
      host.end('here');
      assert.equal((await readAll(client)).toString(), 'here');
      assert.ok(silences.includes(0));
    } finally {
      link.close();
    }
  });

  it('is not silent while the other side only beats', async () => {
    const silences: number[] = [];
    let beats = 0;
    const link = new TestLink({
      client: { heartbeatMs: 1_000, onSilence: (ms) => silences.push(ms) },
      host: { heartbeatMs: 5 },
    });
    try {
      link.toClient.on('data', () => beats++);
      await waitFor(() => beats > 20, { what: 'twenty beats' });
      assert.deepEqual(silences, []);
    } finally {
      link.close();
    }
  });
});

/** Resolves when both sides have done all that they can for now. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await nextTurn();
}
