import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, it } from 'mocha';
import { messageOf } from '../../../../src/common/errors';
import { isOnLocalDisk } from '../../../../src/supervisor/system/localDisk';
import type { SocketFile } from '../../../../src/supervisor/system/socketEvidence';
import { isSocketDead, readSocketFile } from '../../../../src/supervisor/system/socketEvidence';
import { describeIf, skip } from '../../../support/skip';

const LISTEN = "require('node:net').createServer().listen(process.argv[1], () => console.log('listening'))";

describeIf(process.platform === 'linux', 'only Linux tells a dead listener apart', 'the evidence of a socket', () => {
  let folder = '';
  let path = '';
  let end = async (): Promise<void> => Promise.resolve();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'corral-socket-'));
    path = join(folder, 's');
  });
  afterEach(async () => {
    await end();
    await rm(folder, { recursive: true });
  });

  async function listen(): Promise<SocketFile> {
    const child = spawn(process.execPath, ['-e', LISTEN, '--', path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    end = async () => {
      child.kill('SIGKILL');
      await ended;
    };
    await once(child.stdout, 'data');
    const made = await readSocketFile(path);
    assert.ok(made !== undefined);
    return made;
  }

  it('proves death where the very socket refuses, and nothing while somebody listens (C1)', async function () {
    if (!(await isOnLocalDisk(folder))) skip(this, 'the temporary folder is on an overlay or a network disk');
    const made = await listen();
    assert.equal(await isSocketDead(path, made), false);
    await end();
    assert.equal(await isSocketDead(path, made), true);
  });

  it('proves nothing by a file that is missing, or that was copied or made anew (C1)', async () => {
    const made = await listen();
    await end();
    await promisify(execFile)('cp', ['-a', path, `${path}.copy`]);
    assert.equal(await isSocketDead(`${path}.copy`, made), false, 'a copy');
    assert.equal(await isSocketDead(path, { ...made, device: '1' }), false, 'another disk');
    await link(path, `${path}.kept`); // or the new one would get its inode
    await rm(path);
    assert.equal(await isSocketDead(path, made), false, 'none');
    await listen();
    await end();
    assert.equal(await isSocketDead(path, made), false, 'another one');
  });

  it('proves nothing through an overlay, where a live listener refuses, too (C1)', async function () {
    const lower = join(folder, 'lower');
    const merged = join(folder, 'merged');
    for (const name of [lower, merged, join(folder, 'upper'), join(folder, 'work')]) await mkdir(name);
    const layers = `lowerdir=${lower},upperdir=${join(folder, 'upper')},workdir=${join(folder, 'work')}`;
    await listen();
    await rename(path, join(lower, 's'));
    const reason = await promisify(execFile)('mount', ['-t', 'overlay', 'overlay', '-o', layers, merged]).then(
      () => undefined,
      messageOf,
    );
    if (reason !== undefined) skip(this, `there are no overlays to be had here: ${reason.trim()}`);
    try {
      const seen = await readSocketFile(join(merged, 's'));
      assert.ok(seen !== undefined);
      assert.equal(await isSocketDead(join(merged, 's'), seen), false);
    } finally {
      await promisify(execFile)('umount', [merged]);
    }
  });
});
