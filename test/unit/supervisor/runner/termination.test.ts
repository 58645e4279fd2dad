import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { rename, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { dirname } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { openStore } from '../../../../src/storage/store/store';
import { AgentProcess } from '../../../../src/supervisor/runner/agentProcess';
import { Termination } from '../../../../src/supervisor/runner/termination';
import { identityOf, liveness } from '../../../../src/supervisor/system/identity';
import type { ProcessIdentity } from '../../../../src/supervisor/system/identitySchema';
import { isOnLocalDisk } from '../../../../src/supervisor/system/localDisk';
import { readSocketFile } from '../../../../src/supervisor/system/socketEvidence';
import { waitFor } from '../../../support/wait';
import { LIMIT_MS, RunnerFixture, fixturePath, script } from './runnerFixture';
import type { TestRun } from './runnerFixture';
import { skip } from '../../../support/skip';

describe('runner: the end of a run', () => {
  let fixture: RunnerFixture;

  beforeEach(async () => {
    fixture = await RunnerFixture.create();
  });

  afterEach(async () => {
    await fixture.dispose();
  });

  async function launched(argv: string[], changes: Parameters<RunnerFixture['run']>[1] = {}): Promise<TestRun> {
    const run = await fixture.run(argv, changes);
    await run.launch();
    return run;
  }

  /** Waits for the pids of the fixture's processes: the agent, a tool in a session of its own, and an orphan. */
  async function stubborn(
    changes: Parameters<RunnerFixture['run']>[1] = {},
  ): Promise<{ run: TestRun; identities: ProcessIdentity[] }> {
    const run = await launched([process.execPath, fixturePath('stubbornTool.mjs')], changes);
    const pids = await waitFor(
      async () => {
        const found = [...(await run.output()).matchAll(/^(?:agent|tool|orphan) (\d+)$/gm)].map(([, pid]) =>
          Number(pid),
        );
        return found.length === 3 && found;
      },
      { what: 'three processes' },
    );
    const identities = await Promise.all(pids.map(identityOf));
    return { run, identities: identities.filter((identity) => identity !== undefined) };
  }

  async function assertDead(identities: readonly ProcessIdentity[]): Promise<void> {
    assert.equal(identities.length, 3);
    assert.deepEqual(await Promise.all(identities.map(liveness)), ['dead', 'dead', 'dead']);
  }

  it('stops an agent that ignores signals, and its tools in sessions of their own', async () => {
    const { run, identities } = await stubborn();
    const client = await run.connect();
    await client.request('stop', {}, LIMIT_MS);
    const end = await run.end();
    assert.deepEqual([end.outcome, end.reason, end.signal], ['stopped', 'Stopped by you', 'SIGKILL']);
    await assertDead(identities);
    assert.deepEqual(await run.of('status'), [{ from: 'running', to: 'stopping', reason: 'Stopped by you' }]);
  });

  it('kills at once, also while a stop still waits', async () => {
    const { run, identities } = await stubborn({ stopGraceMs: 600_000 });
    const client = await run.connect();
    await client.request('stop', {}, LIMIT_MS);
    await client.request('kill', {}, LIMIT_MS);
    const end = await run.end();
    assert.deepEqual([end.outcome, end.signal], ['killed', 'SIGKILL']);
    await assertDead(identities);
  });

  it('ends what an agent leaves running that was killed by others', async () => {
    const { run, identities } = await stubborn();
    process.kill((await run.agent()).pid, 'SIGKILL');
    const end = await run.end();
    assert.deepEqual([end.outcome, end.reason], ['crashed', 'Ended by SIGKILL']);
    await assertDead(identities);
  });

  it('lets an agent end by itself that heeds SIGTERM, with its own exit code', async () => {
    const run = await launched(
      script(
        'process.on("SIGTERM", () => { console.log("bye"); process.exit(7) }); console.log("ready"); setInterval(() => 0, 1e6)',
      ),
      { stopGraceMs: 60_000 },
    );
    await waitFor(async () => (await run.output()) === 'ready', { what: 'the agent' });
    await (await run.connect()).request('stop', {}, LIMIT_MS);
    const end = await run.end();
    assert.deepEqual([end.outcome, end.exitCode], ['stopped', 7]);
    assert.equal(await run.output(), 'ready\nbye');
  });

  it('signals nothing that is not of the run', async () => {
    const bystander = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1e6)'], { stdio: 'ignore' });
    try {
      const { run } = await stubborn();
      await (await run.connect()).request('kill', {}, LIMIT_MS);
      await run.end();
      assert.deepEqual([bystander.exitCode, bystander.signalCode], [null, null]);
    } finally {
      bystander.kill('SIGKILL');
    }
  });

  it('takes SIGTERM as the end of everything, and other hang-ups as nothing', async () => {
    const run = await launched(script('console.log("ready"); setInterval(() => 0, 1e6)'));
    await waitFor(async () => (await run.output()) === 'ready', { what: 'the agent' });
    const { runner } = await run.claim();
    process.kill(runner.pid, 'SIGHUP');
    process.kill(runner.pid, 'SIGINT');
    await (await run.connect()).request('ping', {}, LIMIT_MS);
    process.kill(runner.pid, 'SIGTERM');
    assert.equal((await run.end()).outcome, 'interrupted');
  });

  it('leaves the agent in runner.json when it is killed itself', async () => {
    const { run, identities } = await stubborn();
    const agent = await run.agent();
    const { runner } = await run.claim();
    process.kill(runner.pid, 'SIGKILL');
    await waitFor(async () => (await liveness(runner)) === 'dead', { what: 'the end of the runner' });
    assert.equal(await liveness(agent), 'alive');
    assert.ok((await run.events()).every(({ kind }) => kind !== 'run.exited'));
    await run.dispose();
    await assertDead(identities);
  });

  for (const way of ['kill', 'stop'] as const)
    it(`ends by a ${way} also what the system tells nothing of but its process`, async () => {
      const agent = await AgentProcess.spawn(
        [process.execPath, '-e', 'process.on("SIGTERM", () => 0); setInterval(() => 0, 1e6)'],
        fixture.cwd,
        process.env,
      );
      const termination = new Termination(agent, { runId: 'nobodys', agent: undefined }, 500);
      if (way === 'kill') termination.kill();
      else termination.stop(() => false);
      assert.deepEqual(await termination.settled, []);
      await agent.exited;
      assert.ok(!agent.isRunning);
    });

  for (const way of ['kill', 'stop', 'the time limit'] as const)
    it(`ends by ${way} a setup command whose processes carry no mark`, async function () {
      if (process.platform === 'win32')
        skip(this, 'env is no program there; no process carries a mark that could be read anyway');
      const forever = "process.on('SIGTERM', () => 0); setInterval(() => 0, 1e6)";
      const program = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(forever)}], { stdio: 'ignore' }); console.log('begun'); ${forever}`;
      const limitMs = way === 'the time limit' ? 2_000 : 3_600_000;
      const run = await launched(script(''), {
        setup: { argv: ['env', '-i', process.execPath, '-e', program], limitMs },
      });
      if (way !== 'the time limit') {
        await waitFor(async () => (await run.output()) === 'begun', { what: 'the setup' });
        await (await run.connect()).request(way, {}, LIMIT_MS);
      }
      const end = await run.end();
      const expected = {
        kill: ['killed', 'Killed by you'],
        stop: ['stopped', 'Stopped by you'],
        'the time limit': ['failed', /did not end within 2 seconds$/],
      }[way];
      assert.equal(end.outcome, expected[0]);
      assert.match(end.reason, new RegExp(expected[1] ?? ''));
    });

  it('ends with its folder', async () => {
    const { run, identities } = await stubborn();
    const { runner, endpoint } = await run.claim();
    await rm(run.paths.root, { recursive: true });
    await waitFor(async () => (await liveness(runner)) === 'dead', { what: 'the end of the runner' });
    await assertDead(identities);
    await assert.rejects(stat(endpoint), { code: 'ENOENT' });
  });

  it('goes on while its whole store is away for a moment, and listens again where its socket was taken away', async () => {
    // In so deep a store the socket lies elsewhere, so that it shows when the runner has looked for its folder.
    const store = new StorePaths(`${fixture.root}/${'deep'.repeat(30)}`);
    await openStore(store.root);
    const run = await fixture.run(script('setInterval(() => 0, 1e6)'), {}, store);
    await run.launch();
    const before = await run.connect();
    const { endpoint } = await run.claim();
    assert.ok(!endpoint.startsWith(store.root));
    await run.agent(); // all files of the run are open
    const away = `${fixture.root}/away`;
    await rename(store.root, away);
    await rm(endpoint);
    // It looks for its folder first.
    await waitFor(() => stat(endpoint).then(() => true), { what: 'the socket' });
    await rename(away, store.root);
    const after = await waitFor(() => run.connect(), { what: 'a connection' });
    assert.equal(
      (await after.request('ping', {}, LIMIT_MS)).runner.pid,
      (await before.request('ping', {}, LIMIT_MS)).runner.pid,
    );
    await after.request('kill', {}, LIMIT_MS);
    await run.end();
    await assert.rejects(stat(endpoint), { code: 'ENOENT' });
  });

  it('listens in its own folder, also again where the socket was taken away, and says which file that is (C1)', async function () {
    if (!(await isOnLocalDisk(fixture.root))) skip(this, 'only a local disk of Linux holds the sockets of its runs');
    const run = await launched(script('setInterval(() => 0, 1e6)'));
    const { endpoint, socket } = await run.claim();
    assert.equal(dirname(endpoint), run.paths.root);
    assert.deepEqual(await readSocketFile(endpoint), socket);
    await rename(endpoint, `${endpoint}.away`); // not removed, or the new one may get its inode
    await waitFor(async () => !isDeepStrictEqual((await run.claim()).socket, socket), { what: 'the new socket' });
    assert.deepEqual((await run.claim()).socket, await readSocketFile(endpoint));
    await (await run.connect()).request('kill', {}, LIMIT_MS);
    await run.end();
  });

  it('loses nothing on a full disk, and goes on when there is space', async function () {
    // A file system of its own that is full after 2 MB; only root can make one.
    const mount = `${fixture.root}/small`;
    const execute = promisify(execFile);
    await execute('mkdir', [mount]);
    if (
      process.platform !== 'linux' ||
      !(await execute('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount]).then(
        () => true,
        () => false,
      ))
    )
      return skip(this, 'a small file system of its own cannot be mounted here');
    try {
      const small = new StorePaths(mount);
      await execute('mkdir', ['-p', small.sessions]);
      const run = await fixture.run(
        script(
          'let n = 0; const next = () => { for (let i = 0; i < 300; i++) { if (n === 30000) return; process.stdout.write(`line ${n++} of a flood that fills the disk\\n`); } setTimeout(next, 1); }; next();',
        ),
        {},
        small,
      );
      await execute('dd', ['if=/dev/zero', `of=${mount}/ballast`, 'bs=1024', 'count=500']);
      await run.launch();
      const client = await run.connect();
      const status = await waitFor(async () => (await client.request('ping', {}, LIMIT_MS)).paused !== undefined, {
        what: 'the pause',
      });
      assert.ok(status);
      await execute('mount', ['-o', 'remount,size=64m', mount]);
      assert.equal((await run.end()).outcome, 'completed');
      assert.deepEqual(
        (await run.output()).split('\n'),
        Array.from({ length: 30_000 }, (_, index) => `line ${String(index)} of a flood that fills the disk`),
      );
      assert.match((await run.of('status')).map(({ reason }) => reason).join(), /had to wait/);
    } finally {
      await execute('umount', ['-l', mount]);
    }
  });
});
