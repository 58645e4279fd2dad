import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, it } from 'mocha';
import type { HostSetting } from '../../../../src/supervisor/hosts/hostSettings';
import { openTransport } from '../../../../src/supervisor/hosts/transport/openTransport';
import { echoProgram, firstWords, talk } from '../../../support/hosts/echoProgram';
import { describeIf } from '../../../support/skip';

const program = echoProgram('1.0.0');
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, value) => value));

describeIf(
  process.platform !== 'win32',
  'a host of this kind has a POSIX shell',
  'the way into a host by a command',
  () => {
    let home: string;
    /** The environment of a container: its own home, and a PATH without Node. */
    let host: { name: string; setting: HostSetting & { exec: [string, ...string[]] } };
    beforeEach(async () => {
      home = await realpath(await mkdtemp(join(tmpdir(), 'corral-home-')));
      const bin = join(home, 'bin');
      await mkdir(bin);
      host = { name: 'dev', setting: { exec: ['env', '-i', `HOME=${home}`, 'SHELL=/bin/sh', 'PATH=/usr/bin:/bin'] } };
      await writeFile(join(home, '.profile'), `echo "Welcome to dev"\nPATH=$PATH:${dirname(process.execPath)}\n`);
    });
    afterEach(async () => {
      await rm(home, { recursive: true, force: true });
    });
    const withNode = (node: string): typeof host => ({ ...host, setting: { ...host.setting, node } });

    it('installs the program once, for this user alone, and speaks to it with all values of a byte', async () => {
      const first = await openTransport(host, { program });
      assert.equal(first.isInstalled, true);
      assert.equal(await talk(first, ALL_BYTES), `1.0.0 serve\n${ALL_BYTES.toString('latin1')}`);
      const second = await openTransport(host, { program });
      assert.deepEqual([second.isInstalled, second.node], [false, first.node]);
      assert.equal(await talk(second, 'again'), '1.0.0 serve\nagain');
      const folder = join(home, '.corral-host/bin', `1.0.0-${program.sha256}`);
      assert.deepEqual(await readdir(folder), ['corral-host.js']);
      assert.deepEqual(await readdir(dirname(folder)), [`1.0.0-${program.sha256}`]);
      for (const [path, mode] of [
        [folder, 0o700],
        [join(folder, 'corral-host.js'), 0o600],
      ] as const)
        assert.equal((await stat(path)).mode & 0o777, mode, path);
    });

    it('installs a new version beside the one that is in use', async () => {
      const old = await openTransport(host, { program });
      assert.equal(await firstWords(old), '1.0.0 serve\n');
      const other = await openTransport(host, { program: echoProgram('2.0.0') });
      assert.equal(await talk(other, 'new'), '2.0.0 serve\nnew');
      assert.equal(await talk(old, 'old'), 'old');
      assert.equal((await readdir(join(home, '.corral-host/bin'))).length, 2);
    });

    it('lets two windows install the same program at once', async () => {
      const transports = await Promise.all([1, 2].map(async () => await openTransport(host, { program })));
      for (const transport of transports) assert.equal(await talk(transport, 'both'), '1.0.0 serve\nboth');
      assert.deepEqual(await readdir(join(home, '.corral-host/bin')), [`1.0.0-${program.sha256}`]);
    });

    it('installs nothing that is not what it should be', async () => {
      const damaged = { ...program, sha256: '0'.repeat(64) };
      await assert.rejects(openTransport(host, { program: damaged }), {
        code: 'HOST_FAILED',
        step: 'install',
      });
      assert.deepEqual(await readdir(join(home, '.corral-host/bin')), []);
    });

    it('says that nothing was installed where its input is not read', async () => {
      const setting: HostSetting = { exec: ['sh', '-c', 'exec "$@" </dev/null', 'sh', ...host.setting.exec] };
      const large = { ...program, bytes: Buffer.concat([program.bytes, Buffer.alloc(1 << 20, ' ')]) };
      await assert.rejects(openTransport({ ...host, setting }, { program: large }), {
        code: 'HOST_FAILED',
        message: /Host “dev”: the host program could not be installed in .*corral-host/,
      });
    });

    it('finds a Node elsewhere once the one that it found before is gone', async () => {
      const gone = join(home, 'gone');
      await writeFile(gone, `#!/bin/sh\nexec ${process.execPath} "$@"\n`);
      await chmod(gone, 0o700);
      await mkdir(join(home, '.corral-host'));
      await writeFile(join(home, '.corral-host/node'), `${gone}\n`);
      const first = await openTransport(host, { program });
      assert.equal(first.node, gone);
      await talk(first, '');
      await rm(gone);
      const second = await openTransport(host, { program });
      assert.notEqual(second.node, gone);
      await talk(second, '');
    });

    it('takes the Node of the setting alone, and says where that is missing or too old', async () => {
      const old = join(home, 'bin/it’s old');
      await writeFile(old, '#!/bin/sh\necho v20.1.0\n');
      await chmod(old, 0o700);
      await assert.rejects(openTransport(withNode(old), { program }), {
        code: 'HOST_NODE_MISSING',
        step: 'findNode',
        message: /Host “dev”: Node is too old there \(v20\.1\.0 .*it’s old\); version 22 or newer is needed/,
      });
      await assert.rejects(openTransport(withNode('~/nowhere/node'), { program }), {
        code: 'HOST_NODE_MISSING',
        message: /there is no program ~\/nowhere\/node/,
      });
    });

    it('says why nothing can be written', async () => {
      await writeFile(join(home, 'file'), '');
      const setting = { ...host.setting, root: `${home}/file/root` };
      await assert.rejects(openTransport({ ...host, setting }, { program }), {
        code: 'HOST_NOT_WRITABLE',
        message: /Not a directory/,
      });
    });

    it('says which command is missing here, fails, or has no shell', async () => {
      const reach = async (...exec: [string, ...string[]]): Promise<unknown> =>
        await openTransport({ name: 'dev', setting: { exec } }, { program });
      await assert.rejects(reach('corral-no-such-program'), { code: 'HOST_PROGRAM_MISSING' });
      await assert.rejects(reach('sh', '-c', 'echo "No such container: dev" >&2; exit 1'), {
        code: 'HOST_UNREACHABLE',
        message: /could not be entered \(No such container: dev\)/,
      });
      await assert.rejects(reach('env', 'PATH=/nowhere'), {
        code: 'HOST_FAILED',
        message: /It needs “sh” and “base64”/,
      });
    });

    it('ends what it started when it is cancelled', async () => {
      const cancelling = new AbortController();
      const hanging = openTransport(
        { name: 'dev', setting: { exec: ['sh', '-c', 'exec sleep 600'] } },
        { program, signal: cancelling.signal },
      );
      cancelling.abort(new Error('enough'));
      await assert.rejects(hanging, /enough/);
    });
  },
);
