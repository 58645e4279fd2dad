import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { Doorbell } from '../../../../src/supervisor/sessions/doorbell';

const [A, B, C] = [newId(), newId(), newId()];
const LINE_BYTES = A.length + 1;

const offsetOf = ({ indexed }: Doorbell): number | undefined => indexed?.offset;

describe('the place up to which the doorbell was heard', () => {
  let folder: string;
  let log: string;
  let doorbell: Doorbell;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-doorbell-'));
    log = join(folder, 'changes.log');
    doorbell = new Doorbell(log);
  });
  afterEach(async () => await rm(folder, { recursive: true }));

  const ring = async (...ids: string[]): Promise<void> => await appendFile(log, ids.map((id) => `${id}\n`).join(''));
  const index = (id: string, isIndexed = true): void => doorbell.beginIndexing(id)(isIndexed);

  it('moves only behind sessions that were indexed since', async () => {
    await doorbell.start({ head: '', offset: 0 });
    assert.deepEqual(doorbell.indexed, { head: '', offset: 0 });
    await ring(A, B);
    assert.deepEqual(await doorbell.read(), [A, B]);
    assert.equal(offsetOf(doorbell), 0);
    await ring(C);
    assert.deepEqual(await doorbell.read(), [C]);
    index(A);
    index(B, false);
    index(C);
    assert.equal(offsetOf(doorbell), 0);
    index(B);
    assert.deepEqual(doorbell.indexed, { head: `${A}\n${B}\n${C}\n`, offset: 3 * LINE_BYTES });
  });

  it('stays before a session that rang while it was indexed', async () => {
    await doorbell.start({ head: '', offset: 0 });
    await ring(A);
    await doorbell.read();
    const end = doorbell.beginIndexing(A);
    await ring(A);
    await doorbell.read();
    end(true);
    assert.equal(offsetOf(doorbell), LINE_BYTES);
    index(A);
    assert.equal(offsetOf(doorbell), 2 * LINE_BYTES);
  });

  it('tells the next window who rang since', async () => {
    await doorbell.start({ head: '', offset: 0 });
    await ring(A);
    await doorbell.read();
    index(A);
    const { indexed } = doorbell;
    await ring(B, C, B);
    const next = new Doorbell(log);
    assert.deepEqual(await next.start(indexed), [B, C]);
    assert.deepEqual(next.indexed, { head: `${A}\n${B}\n${C}\n${B}\n`, offset: LINE_BYTES });
  });

  it('knows nothing after a log that is not the one it was in, until all sessions were looked at', async () => {
    await ring(A);
    await doorbell.start({ head: '', offset: 0 });
    index(A);
    const { indexed } = doorbell;
    for (const other of [`# ${newId()}\n${B}\n${C}\n`, `${B}\n${C}\n`, '']) {
      await writeFile(log, other);
      const next = new Doorbell(log);
      assert.equal(await next.start(indexed), undefined);
      assert.equal(offsetOf(next), undefined);
      next.setWhole([B]);
      assert.equal(offsetOf(next), other.length);
      await appendFile(log, `${C}\n`);
      await next.read();
      next.beginIndexing(C)(true);
      assert.equal(offsetOf(next), other.length, 'what was found behind its journal is not indexed yet');
      next.beginIndexing(B)(true);
      assert.equal(offsetOf(next), other.length + LINE_BYTES);
    }
    assert.equal(await new Doorbell(log).start(undefined), undefined);
  });

  it('is nowhere while a session of the log before is not indexed', async () => {
    await ring(A, B);
    await doorbell.start({ head: '', offset: 0 });
    index(A);
    const head = `# ${newId()}\n`;
    await writeFile(log, head);
    await doorbell.read();
    assert.equal(offsetOf(doorbell), undefined);
    index(B);
    assert.deepEqual(doorbell.indexed, { head, offset: head.length });
  });
});
