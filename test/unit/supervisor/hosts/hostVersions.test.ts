import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import { parseHostSettings } from '../../../../src/supervisor/hosts/hostSettings';
import { HostInstallation } from '../../../../src/supervisor/hosts/hostInstallation';
import { newId } from '../../../../src/storage/ids';
import { CuttableHost } from '../../../support/hosts/cuttableHost';
import { projectRoot } from '../../../support/project';
import { describeIf } from '../../../support/skip';

const [UNUSED, RUNNING, WAITED_FOR] = ['a', 'b', 'c'].map((digit) => `0.1.0-${digit.repeat(64)}`) as [
  string,
  string,
  string,
];

describeIf(process.platform !== 'win32', 'there is no sh', 'versions of the program on a host', () => {
  let far: CuttableHost;
  let installation: HostInstallation;
  let runner: ChildProcess;
  const folder = (...names: string[]): string => join(far.home, '.corral-host', ...names);
  before(async () => {
    far = await CuttableHost.create();
    const setting = parseHostSettings({ far: far.setting }).get('far');
    assert.ok(setting !== undefined && !('mistake' in setting));
    installation = new HostInstallation(
      { name: 'far', setting },
      {
        bundles: join(projectRoot, 'dist'),
        log: { info: () => undefined, warn: () => undefined, error: (message) => assert.fail(message) },
      },
    );
  });
  after(async () => {
    runner.kill('SIGKILL');
    await far.remove();
  });

  it('has one after it is installed, and no other', async () => {
    await installation.install();
    assert.equal((await readdir(folder('bin'))).length, 1);
    assert.deepEqual(await installation.otherVersions(), []);
  });

  it('removes what nothing uses, and never what a process runs or a run waits for', async () => {
    for (const name of [UNUSED, RUNNING, WAITED_FOR]) {
      await mkdir(folder('bin', name));
      await writeFile(folder('bin', name, 'runner.js'), 'console.log("runs"); setInterval(() => {}, 1_000);');
    }
    runner = spawn(process.execPath, [folder('bin', RUNNING, 'runner.js')], { stdio: ['ignore', 'pipe', 'ignore'] });
    assert.ok(runner.stdout);
    await once(runner.stdout, 'data');
    const run = folder(newId(), 'sessions', newId(), 'runs', newId());
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'job.sh'), `exec node ${folder('bin', WAITED_FOR, 'runner.js')}`);
    const versions = await installation.otherVersions();
    assert.deepEqual(versions.map(({ name, isUsed }) => [name, isUsed]).sort(), [
      [UNUSED, false],
      [RUNNING, true],
      [WAITED_FOR, true],
    ]);
    assert.ok(versions.every(({ bytes }) => bytes > 40));
    assert.deepEqual(await installation.remove([UNUSED, RUNNING, WAITED_FOR]), [UNUSED]);
    const left = await readdir(folder('bin'));
    assert.deepEqual([left.length, left.includes(RUNNING), left.includes(WAITED_FOR)], [3, true, true]);
  });

  it('removes nothing while a run may be on a machine that shares the folder', async () => {
    const run = folder(newId(), 'sessions', newId(), 'runs', newId());
    await mkdir(run, { recursive: true });
    await writeFile(join(run, 'runner.json'), '{"state":"of a version to come"}');
    await mkdir(folder('bin', UNUSED));
    assert.deepEqual(await installation.remove([UNUSED]), []);
  });
});
