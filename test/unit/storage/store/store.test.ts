import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { CorralError } from '../../../../src/storage/errors';
import { newId } from '../../../../src/storage/ids';
import { openStore, ringDoorbell } from '../../../../src/storage/store/store';

describe('store', () => {
  let folder: string;
  let root: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral store '));
    root = join(folder, 'a b', 'store');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is made once, private, and has the same id for everyone who opens it at once', async () => {
    const opened = await Promise.all(Array.from({ length: 20 }, () => openStore(root)));
    assert.equal(new Set(opened.map(({ storeId }) => storeId)).size, 1);
    assert.ok(opened.every(({ readOnly }) => !readOnly));
    assert.deepEqual((await readdir(root)).sort(), ['sessions', 'store.json']);
    assert.deepEqual(JSON.parse(await readFile(join(root, 'store.json'), 'utf8')), {
      format: 1,
      id: opened[0]?.storeId,
    });
    if (process.platform === 'win32') return;
    assert.equal((await stat(root)).mode & 0o777, 0o700);
    assert.equal((await stat(join(root, 'sessions'))).mode & 0o777, 0o700);
    assert.equal((await stat(join(root, 'store.json'))).mode & 0o777, 0o600);
  });

  it('of a newer format is only read', async () => {
    await openStore(root);
    const newer = '{"format":2,"id":"x","more":true}';
    await writeFile(join(root, 'store.json'), newer);
    const { readOnly, storeId } = await openStore(root);
    assert.deepEqual({ readOnly, storeId }, { readOnly: true, storeId: 'x' });
    assert.equal(await readFile(join(root, 'store.json'), 'utf8'), newer);
  });

  it('with a damaged store.json is refused and not rewritten', async () => {
    await openStore(root);
    for (const content of ['{', '', '{"format":0,"id":"x"}', '\0\0\0', '[]']) {
      await writeFile(join(root, 'store.json'), content);
      await assert.rejects(openStore(root), (error) => error instanceof CorralError && error.code === 'STORE_FAILED');
      assert.equal(await readFile(join(root, 'store.json'), 'utf8'), content);
    }
  });

  it('that cannot be made says so', async () => {
    await writeFile(join(folder, 'file'), '');
    await assert.rejects(
      openStore(join(folder, 'file', 'store')),
      (error) => error instanceof CorralError && error.code === 'STORE_FAILED',
    );
  });

  it('rings a doorbell whose log stays small', async () => {
    const { paths } = await openStore(root);
    const sessionId = newId();
    await ringDoorbell(paths, sessionId);
    assert.equal(await readFile(paths.changesLog, 'utf8'), `${sessionId}\n`);
    await writeFile(paths.changesLog, Buffer.alloc(1024 * 1024, 0x0a));
    await ringDoorbell(paths, sessionId);
    assert.match(await readFile(paths.changesLog, 'utf8'), new RegExp(`^# [a-z2-7]{12}\n${sessionId}\n$`));
    await rm(root, { recursive: true });
    await ringDoorbell(paths, sessionId);
  });
});
