import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdir, open, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { after, before, it } from 'mocha';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { readAll, testBytes } from '../../common/channels/linkFixture';
import { TestHost } from './hostFixture';

const TAILED_BYTES = 100 << 20;

/** Collects what a stream gives while it goes on. */
function follow(stream: Readable): { bytes: () => Buffer } {
  let bytes = Buffer.alloc(0);
  stream.on('data', (chunk: Buffer) => (bytes = Buffer.concat([bytes, chunk])));
  return { bytes: () => bytes };
}

describeIf(process.platform !== 'win32', 'there is no sh', 'files on another host', () => {
  let host: TestHost;
  before(async () => (host = await TestHost.connect()));
  after(async () => await host.close());

  it('are read and looked at, within bounds', async () => {
    const file = host.path('file');
    const bytes = testBytes(300_000);
    await writeFile(file, bytes);
    assert.ok((await host.connection.readFile(file, 300_000))?.equals(bytes));
    await assert.rejects(host.connection.readFile(file, 299_999), { code: 'HOST_FAILED', message: /300000 bytes/ });
    assert.equal(await host.connection.readFile(host.path('none'), 10), undefined);
    await writeFile(host.path('empty'), '');
    assert.deepEqual(await host.connection.readFile(host.path('empty'), 10), Buffer.alloc(0));
    await assert.rejects(host.connection.readFile(host.folder, 10), { code: 'HOST_FAILED' });
    await symlink(file, host.path('link'));
    const [found, link, folder] = await Promise.all(
      [file, host.path('link'), host.folder].map(async (path) => await host.connection.stat(path)),
    );
    assert.deepEqual([found?.kind, found?.sizeBytes, link?.kind, folder?.kind], ['file', 300_000, 'link', 'folder']);
    assert.equal(await host.connection.stat(host.path('none')), undefined);
    await assert.rejects(host.connection.stat('relative'), { code: 'HOST_FAILED' });
  });

  it('are listed', async () => {
    await mkdir(host.path('folder'));
    for (const name of ['b', 'ü', 'a']) await writeFile(host.path('folder', name), '');
    assert.deepEqual(await host.connection.list(host.path('folder')), ['a', 'b', 'ü']);
    assert.equal(await host.connection.list(host.path('none')), undefined);
    await assert.rejects(host.connection.list(host.path('file')), { code: 'HOST_FAILED' });
  });

  it('are followed while they grow, from an offset on, also before they are there', async () => {
    const file = host.path('journal');
    const tail = host.connection.tail(file, 0);
    const followed = follow(tail);
    await writeFile(file, 'one\n');
    await waitFor(() => followed.bytes().toString() === 'one\n', { what: 'the first line' });
    const later = follow(host.connection.tail(file, 3));
    for (const line of ['two\n', 'three\n']) await appendFile(file, line);
    await waitFor(() => followed.bytes().toString() === 'one\ntwo\nthree\n', { what: 'all lines' });
    await waitFor(() => later.bytes().toString() === '\ntwo\nthree\n', { what: 'all but the first three bytes' });
    const ended = new Promise((resolve) => tail.once('end', resolve));
    await rm(file);
    await ended;
  });

  it('are followed no longer when they become shorter or others', async () => {
    const file = host.path('log');
    for (const change of [
      async () => await truncate(file, 2),
      async () => {
        await writeFile(host.path('other'), 'another');
        await rename(host.path('other'), file);
      },
    ]) {
      await writeFile(file, 'first');
      const tail = host.connection.tail(file, 0);
      const followed = follow(tail);
      const failed = new Promise((resolve) => tail.once('error', resolve));
      await waitFor(() => followed.bytes().toString() === 'first', { what: 'its text' });
      await change();
      assert.equal(((await failed) as { code?: string }).code, 'HOST_FAILED');
    }
  });

  it('of a hundred megabytes come whole, while a program answers', async () => {
    const file = host.path('large');
    const handle = await open(file, 'w');
    const piece = testBytes(1 << 20);
    const expected = createHash('sha256');
    for (let bytes = 0; bytes < TAILED_BYTES; bytes += piece.length) {
      await handle.write(piece);
      expected.update(piece);
    }
    await handle.close();
    const tail = host.connection.tail(file, 0);
    const received = createHash('sha256');
    const answers: string[] = [];
    let bytes = 0;
    let asked: Promise<unknown> | undefined;
    for await (const chunk of tail as AsyncIterable<Buffer>) {
      received.update(chunk);
      bytes += chunk.length;
      asked ??= host.connection.run(['echo', 'here']).then(({ stdout }) => answers.push(stdout.toString()));
      if (bytes === TAILED_BYTES) break;
    }
    await asked;
    assert.deepEqual([bytes, answers], [TAILED_BYTES, ['here\n']]);
    assert.equal(received.digest('hex'), expected.digest('hex'));
  });

  it('that are sockets are connected to, each direction for itself', async () => {
    const path = host.path('socket');
    const server = createServer({ allowHalfOpen: true }, (socket: Socket) => {
      void readAll(socket).then((bytes) => socket.end(Buffer.concat([Buffer.from('got '), bytes])));
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const socket = await host.connection.connectSocket(path);
    socket.end(testBytes(200_000));
    const answer = await readAll(socket);
    assert.ok(answer.equals(Buffer.concat([Buffer.from('got '), testBytes(200_000)])));
    server.close();
    await assert.rejects(host.connection.connectSocket(host.path('nobody')), { code: 'HOST_FAILED' });
    const other = createServer((client: Socket) => client.end('by its port')).listen(0, 'localhost');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    assert.equal((await readAll(await host.connection.connectSocket(port))).toString(), 'by its port');
    other.close();
  });
});
