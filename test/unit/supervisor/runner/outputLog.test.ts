import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { OutputLog } from '../../../../src/supervisor/runner/outputLog';
import { readOutputFrames } from '../../../support/outputFrames';

describe('output.log', () => {
  let folder = '';
  let path = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-output-'));
    path = join(folder, 'output.log');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  function neverFails(error: unknown): never {
    throw error instanceof Error ? error : new Error(String(error));
  }

  async function read(): Promise<string[]> {
    const frames: string[] = [];
    for await (const { stream, bytes } of readOutputFrames(path)) frames.push(`${stream} ${bytes.toString('latin1')}`);
    return frames;
  }

  async function write(): Promise<OutputLog> {
    const log = await OutputLog.open(path, { onPaused: neverFails, onFailed: neverFails });
    await Promise.all([
      log.append('stdout', Buffer.from('one')),
      log.append('stderr', Buffer.from([0xff, 0x0a])),
      log.append('stdout', Buffer.alloc(100_000, 'x')),
    ]);
    return log;
  }

  it('gives back what was appended, in order, before and after it is compressed', async () => {
    const log = await write();
    const expected = ['stdout one', 'stderr \u00ff\n', `stdout ${'x'.repeat(100_000)}`];
    assert.deepEqual(await read(), expected);
    await log.finish();
    assert.deepEqual(await readdir(folder), ['output.log.gz']);
    assert.deepEqual(await read(), expected);
  });

  it('is read up to a torn last frame, and not beyond damage', async () => {
    const log = await write();
    await log.finish();
    const other = await OutputLog.open(path, { onPaused: neverFails, onFailed: neverFails });
    await other.append('stdout', Buffer.from('whole'));
    await other.append('stdout', Buffer.from('torn'));
    const bytes = await readFile(path);
    await writeFile(path, bytes.subarray(0, -1));
    assert.deepEqual(await read(), ['stdout whole']);
    await writeFile(path, Buffer.concat([bytes, Buffer.from('no frame at all, but text')]));
    await assert.rejects(read(), /damaged/);
    await other.finish();
  });
});
