import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'mocha';
import { execa } from 'execa';
import type { CorralErrorCode } from '../../../../../src/storage/errors';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { noNamespaces, UNSHARE } from '../../../../support/container';
import { describeIf, skip } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { until } from '../../supervisorFixture';
import { RemoteFixture } from './remoteFixture';

describeIf(process.platform !== 'win32', 'there is no sh', 'a host on which nothing could run', () => {
  async function assertRefused(fixture: RemoteFixture, code: CorralErrorCode, message: RegExp): Promise<void> {
    const window = fixture.window();
    await assert.rejects(fixture.session(window, { prompt: 'talk' }), { code, message });
    assert.deepEqual(await window.listSessions(), []);
    const [store] = (await readdir(join(fixture.home, '.corral-host'))).filter((name) => name.length > 12);
    const sessions = store === undefined ? [] : await readdir(join(fixture.home, '.corral-host', store, 'sessions'));
    assert.deepEqual(sessions, []);
  }

  it('is refused where its clock is off', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'corral-clock-'));
    const clock = join(folder, 'clock.cjs');
    await writeFile(clock, 'const now = Date.now; Date.now = () => now() + 3_600_000;');
    const fixture = await RemoteFixture.create({ enter: ['env', `NODE_OPTIONS=--require ${clock}`] });
    try {
      await assertRefused(fixture, 'HOST_CLOCK_OFF', /far.*3600 s ahead.*Set the clock/s);
    } finally {
      await fixture.end();
      await rm(folder, { recursive: true });
    }
  });

  it('is refused where it ends what a connection started', async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
    const fixture = await RemoteFixture.create({ enter: ['unshare', ...UNSHARE] });
    try {
      await assertRefused(fixture, 'HOST_CANNOT_DETACH', /cannot outlive a connection/);
    } finally {
      await fixture.end();
    }
  });

  it('is refused where its disk is full, also for the next run of a session', async function () {
    const root = await mkdtemp(join(tmpdir(), 'corral-disk-'));
    const mounted = await execa('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', root], { reject: false });
    if (mounted.failed) {
      await rm(root, { recursive: true });
      skip(this, `no disk can be mounted: ${mounted.stderr}`);
    }
    const fixture = await RemoteFixture.create({ more: { root } });
    try {
      const window: Supervisor = fixture.window();
      const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
      await until(window, id, ({ status }) => status === 'Completed', 'the end');
      const filler = join(root, 'filler');
      await execa('sh', ['-c', `head -c 1000000000 /dev/zero > ${filler} 2>/dev/null`], { reject: false });
      const refused = { code: 'HOST_DISK_FULL', message: /far.*Free some space/s };
      await assert.rejects(fixture.session(window, { prompt: 'talk' }), refused);
      await assert.rejects(window.resume(id, 'talk'), { message: /far.*Free some space/s });
      const failed = await window.getSession(id);
      assert.match(failed.failureReason ?? '', /Free some space/);
      await rm(filler);
      await window.resume(id, 'edit more.txt again');
      await until(window, id, ({ status }) => status === 'Completed', 'the second end');
    } finally {
      await fixture.end();
      await waitFor(async () => (await execa('umount', [root], { reject: false })).exitCode === 0, {
        what: 'the umount',
      });
      await rm(root, { recursive: true });
    }
  });
});
