import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { appendFile, open, readFile, rename, rm, stat, truncate, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { openStoreIndex } from '../../../../src/storage/database/storeIndexClient';
import { newId } from '../../../../src/storage/ids';
import { CorralError } from '../../../../src/storage/errors';
import { listAll, say, started, StoreFixture, historyOf, syncAll, WORKER_PATH } from '../storeFixture';
import { skip } from '../../../support/skip';

const run = promisify(execFile);

describe('store index with damage', () => {
  let store: StoreFixture;
  beforeEach(async () => {
    store = await StoreFixture.make();
  });
  afterEach(() => store.remove());

  it('is rebuilt where its files are damaged', async () => {
    const sessionId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, [
      started(1),
      ...Array.from({ length: 500 }, (_, count) => say(`text ${count}`.repeat(20))),
    ]);
    const events = await store.writeDatabases(sessionId);
    const databases = await store.databases();
    assert.equal(databases.length, 2);
    const damages: ((content: Buffer) => Buffer)[] = [
      (content) => content.subarray(0, content.length / 2),
      (content) => content.fill(0xff, 4096, content.length),
      // One byte in a row, which SQLite itself would not notice.
      (content) => content.fill(0x58, content.length >> 1, (content.length >> 1) + 1),
      (content) => content.fill(0, 0, 50),
      () => Buffer.from('no database'),
      () => Buffer.alloc(0),
    ];
    for (const damage of damages) {
      for (const database of databases) await writeFile(database, damage(await readFile(database)));
      const index = await store.openIndex();
      await syncAll(index, sessionId);
      assert.deepEqual(await historyOf(index, sessionId), events);
      await index.close();
    }
  });

  it('leaves files of a newer version alone and works beside them', async () => {
    const sessionId = await store.makeSession();
    await store.events(sessionId, newId(), [started(1), say('x')]);
    await store.writeDatabases(sessionId);
    const newer = new Map<string, Buffer>();
    for (const database of await store.databases()) {
      const file = await open(database, 'r+');
      await file.write(Buffer.from([0, 0, 0, 99]), 0, 4, 60); // user_version
      await file.close();
      newer.set(database, await readFile(database));
    }
    const index = await store.openIndex();
    assert.deepEqual(await listAll(index), []);
    await syncAll(index, sessionId);
    assert.equal((await historyOf(index, sessionId)).length, 2);
    await index.close();
    for (const [database, content] of newer) assert.deepEqual(await readFile(database), content);
  });

  it('counts damaged records and shows the rest', async () => {
    const sessionId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, [started(1), say('one'), say('two')]);
    await appendFile(store.paths.session(sessionId).journal, '{"torn\n');
    const { events } = store.paths.session(sessionId).run(runId);
    const content = await readFile(events);
    content[content.indexOf('one')] = 0x80;
    await writeFile(events, content);
    const index = await store.openIndex();
    const { facts } = await syncAll(index, sessionId);
    assert.equal(facts?.damagedRecords, 2);
    assert.equal(facts.runs[0]?.eventCount, 3);
    assert.deepEqual(
      (await historyOf(index, sessionId)).map(({ seq }) => seq),
      [1, 3],
    );
  });

  it('begins again where a journal became shorter, and forgets a session that was erased', async () => {
    const sessionId = await store.makeSession();
    const otherId = await store.makeSession();
    const runId = newId();
    await store.events(sessionId, runId, [started(1), say('one'), say('two')]);
    const index = await store.openIndex();
    await syncAll(index, otherId);
    await syncAll(index, sessionId);
    assert.equal((await historyOf(index, sessionId)).length, 3);
    const { events } = store.paths.session(sessionId).run(runId);
    await truncate(events, (await stat(events)).size - 1);
    assert.deepEqual(await index.findStale(), [sessionId]);
    assert.deepEqual((await syncAll(index, sessionId)).appended, [{ runId, fromSeq: 1, toSeq: 2 }]);
    assert.equal((await historyOf(index, sessionId)).length, 2);
    await rm(store.paths.session(sessionId).root, { recursive: true });
    assert.deepEqual(await index.findStale(), [sessionId]);
    assert.equal((await index.sync(sessionId)).facts, undefined);
    assert.deepEqual(
      (await listAll(index)).map((facts) => facts.sessionId),
      [otherId],
    );
    assert.deepEqual(await index.findStale(), []);
    await index.checkpoint();
  });

  it('does not take a copied folder for the session it was copied from', async () => {
    const sessionId = await store.makeSession();
    await store.events(sessionId, newId(), [started(1), say('x')]);
    await store.writeDatabases(sessionId);
    const copyId = newId();
    await rename(store.paths.session(sessionId).root, store.paths.session(copyId).root);
    const index = await store.openIndex();
    assert.deepEqual(await index.findStale(), [sessionId, copyId].sort());
    assert.equal((await syncAll(index, copyId)).facts?.sessionId, copyId);
    assert.ok((await historyOf(index, copyId)).every((event) => event.sessionId === copyId));
  });

  it('ends a call that takes too long, and repeats those that only waited behind it, from the checkpoint', async () => {
    const sessionId = await store.makeSession();
    const stuckId = await store.makeSession();
    const before = await store.openIndex();
    await syncAll(before, sessionId);
    await before.close();
    // The worker itself, in which one call never ends, as a query would that is too much for it.
    const workerPath = join(store.paths.root, 'stuckWorker.js');
    const isStuck = `({ request }) => request.sessionId === '${stuckId}'`;
    await writeFile(
      workerPath,
      `require('node:worker_threads').parentPort.on('message', (message) => { while ((${isStuck})(message)); });
       require(${JSON.stringify(WORKER_PATH)});`,
    );
    const index = await openStoreIndex({ root: store.paths.root, workerPath });
    try {
      const stuck = index.sync(stuckId);
      const behind = listAll(index);
      await assert.rejects(stuck, (error) => error instanceof CorralError && error.code === 'TIMEOUT');
      assert.deepEqual(
        (await behind).map((facts) => facts.sessionId),
        [sessionId],
      );
    } finally {
      await index.close();
    }
  });

  it('skips a pipe in the place of a journal, and reads the other sessions (C4)', async function () {
    if (process.platform === 'win32') skip(this, 'Windows has no named pipes in folders');
    const [sessionId, pipeId] = [await store.makeSession(), await store.makeSession()];
    const index = await store.openIndex();
    const { journal } = store.paths.session(pipeId);
    await unlink(journal);
    await run('mkfifo', [journal]); // opening it would wait for a writer that never comes
    assert.deepEqual([...(await index.findStale())].sort(), [sessionId, pipeId].sort());
    assert.match((await index.sync(pipeId)).unreadable ?? '', /no regular file/);
    assert.equal((await syncAll(index, sessionId)).facts?.sessionId, sessionId);
  });

  it('says so where the worker cannot be started', async () => {
    for (const workerPath of [`${WORKER_PATH}.missing`, store.paths.storeFile]) {
      await assert.rejects(
        openStoreIndex({ root: store.paths.root, workerPath }),
        (error) => error instanceof CorralError && error.code === 'STORE_FAILED',
      );
    }
  });
});
