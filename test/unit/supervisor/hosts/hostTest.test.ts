import assert from 'node:assert/strict';
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseHostSettings } from '../../../../src/supervisor/hosts/hostSettings';
import { Hosts } from '../../../../src/supervisor/hosts/hosts';
import type { HostCheck, HostTestReport } from '../../../../src/supervisor/hosts/hostsApi';
import { checkClock, checkDisk } from '../../../../src/supervisor/hosts/test/hostChecks';
import { noNamespaces, UNSHARE } from '../../../support/container';
import { projectRoot } from '../../../support/project';
import { describeIf, skip } from '../../../support/skip';

const stateOf = ({ checks }: HostTestReport, name: HostCheck['name']): HostCheck['state'] | undefined =>
  checks.find((check) => check.name === name)?.state;

describeIf(process.platform !== 'win32', 'a host of this kind has a POSIX shell', 'the test of a host', () => {
  let home: string;
  let setting: Record<string, unknown>;
  let isTrusted: boolean;
  let hosts: Hosts;
  const changed: string[] = [];
  const kept = new Map<string, unknown>();
  /** As a command that enters a container with a home of its own. */
  const enter = (...before: string[]): string[] => [
    ...before,
    ...['env', '-i', `HOME=${home}`, 'SHELL=/bin/sh', `PATH=${dirname(process.execPath)}:/usr/bin:/bin`],
  ];
  const openHosts = (): Hosts =>
    new Hosts({
      settings: () => ({ hosts: parseHostSettings(setting) }),
      bundles: join(projectRoot, 'dist'),
      keptValues: {
        get: (key) => kept.get(key),
        update: async (key, value) => {
          kept.set(key, structuredClone(value));
          await Promise.resolve();
        },
      },
      isTrusted: () => isTrusted,
      log: { info: () => undefined, warn: () => undefined, error: (message) => assert.fail(message) },
      onListenerError: (error) => assert.fail(String(error)),
    });
  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'corral-home-')));
    setting = { dev: { exec: enter() }, wrong: { ssh: '-l' } };
    isTrusted = true;
    kept.clear();
    hosts = openHosts();
    changed.length = 0;
    hosts.changed.event(({ names }) => changed.push(...names));
  });
  afterEach(async () => {
    hosts.dispose();
    await rm(home, { recursive: true, force: true });
  });

  it('finds what a session needs, and keeps what it found until the entry changes', async () => {
    await writeFile(join(home, 'claude'), '#!/bin/sh\necho "2.0.1 (Claude Code)"\n', { mode: 0o700 });
    await writeFile(join(home, '.profile'), `PATH=$PATH:${home}\n`);
    const steps: string[] = [];
    const report = await hosts.test('dev', { onProgress: (step) => steps.push(step) });
    for (const name of ['connection', 'node', 'git', 'agents', 'bytes', 'detached', 'clock', 'disk'] as const)
      assert.equal(stateOf(report, name), 'passed', JSON.stringify(report.checks));
    assert.equal(report.usable, true);
    assert.match(report.checks.find(({ name }) => name === 'agents')?.found ?? '', /^claude 2\.0\.1/);
    assert.deepEqual(changed, ['dev']);
    assert.ok(steps.length >= 4, steps.join());
    const [dev, wrong] = hosts.list();
    assert.deepEqual(dev, {
      name: 'dev',
      kind: 'exec',
      enteredBy: 'exec',
      target: enter().join(' '),
      lastTest: report,
    });
    assert.match(wrong?.problem ?? '', /“wrong\.ssh”/);
    assert.deepEqual(report.agents, [{ name: 'claude', version: '2.0.1' }]);
    assert.ok(report.cores > 0 && report.memory.bytes > report.memory.freeBytes && report.disk.freeBytes > 0);
    const later = openHosts(); // of a later window
    assert.deepEqual(later.list()[0]?.lastTest, report);
    later.dispose();
    setting = { ...setting, dev: { exec: enter(), root: '~/elsewhere' } };
    hosts.noteSettings();
    assert.deepEqual(changed, ['dev', 'dev']);
    assert.equal(hosts.list()[0]?.lastTest, undefined);
  });

  it('remembers why it did not get there, until it does', async () => {
    await hosts.test('dev');
    const entry = setting['dev'];
    setting = { dev: { exec: ['corral-not-here'] } };
    hosts.noteSettings();
    await assert.rejects(hosts.test('dev'), { code: 'HOST_PROGRAM_MISSING' });
    const [away] = hosts.list();
    assert.match(away?.failure?.reason ?? '', /“corral-not-here” was not found/);
    assert.equal(away?.lastTest, undefined);
    setting = { dev: entry };
    hosts.noteSettings();
    const [back] = hosts.list();
    assert.deepEqual([back?.failure, back?.lastTest?.usable], [undefined, true]);
  });

  it('says that runs cannot outlive a connection where the host ends them with it', async function () {
    const reason = await noNamespaces();
    if (reason !== undefined) skip(this, reason);
    setting = { dev: { exec: enter('unshare', ...UNSHARE) } };
    const report = await hosts.test('dev');
    assert.equal(report.usable, false);
    const check = report.checks.find(({ name }) => name === 'detached');
    assert.deepEqual([check?.state, check?.code], ['failed', 'HOST_CANNOT_DETACH']);
  });

  it('says that something on the way changes bytes', async () => {
    const change = 'process.stdin.on("data",(d)=>process.stdout.write(d.map((b)=>b===255?1:b)))';
    setting = { dev: { exec: ['sh', '-c', `"$@" | "${process.execPath}" -e '${change}'`, 'sh', ...enter()] } };
    const report = await hosts.test('dev');
    assert.deepEqual([stateOf(report, 'bytes'), stateOf(report, 'git'), report.usable], ['failed', 'passed', false]);
  });

  it('names a git that is missing or too old', async () => {
    const git = join(home, 'git');
    await writeFile(git, '#!/bin/sh\necho git version 2.34.1\n', { mode: 0o700 });
    setting = { dev: { exec: enter(), git }, gone: { exec: enter(), git: '~/nowhere/git' } };
    for (const [name, found] of [
      ['dev', /^2\.34\.1 /],
      ['gone', /not found/],
    ] as const) {
      const check = (await hosts.test(name)).checks.find((each) => each.name === 'git');
      assert.deepEqual([check?.state, check?.code], ['failed', 'HOST_GIT_MISSING']);
      assert.match(check?.found ?? '', found);
      assert.match(check?.advice ?? '', /name one by “git” in corral\.hosts/);
    }
  });

  it('starts nothing in a workspace that is not trusted, and nothing without a name', async () => {
    isTrusted = false;
    await assert.rejects(hosts.test('dev'), { code: 'UNTRUSTED' });
    isTrusted = true;
    await assert.rejects(hosts.test('other'), { code: 'HOST_UNKNOWN' });
    await assert.rejects(hosts.test('wrong'), { code: 'HOST_SETTINGS_INVALID' });
    assert.deepEqual(changed, []);
  });

  it('can be cancelled', async () => {
    const cancelling = new AbortController();
    const test = hosts.test('dev', {
      signal: cancelling.signal,
      onProgress: () => cancelling.abort(new Error('enough')),
    });
    await assert.rejects(test, /enough/);
  });
});

describe('a check of a host', () => {
  it('tells a clock that is off, in either direction', () => {
    assert.deepEqual(
      [0, 59_000, -61_000, 3_600_000].map((differenceMs) => checkClock(differenceMs).code),
      [undefined, undefined, 'HOST_CLOCK_OFF', 'HOST_CLOCK_OFF'],
    );
    assert.match(checkClock(-61_000).found, /61 s behind/);
    assert.match(checkClock(3_600_000).found, /3600 s ahead/);
  });

  it('tells a disk that is scarce or full', () => {
    const stateAt = (freeBytes: number): string => checkDisk({ disk: { bytes: 2 ** 40, freeBytes } }).state;
    assert.deepEqual([2 ** 35, 2 ** 28, 2 ** 20].map(stateAt), ['passed', 'warning', 'failed']);
  });
});
