import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { RunnerLauncher } from '../../../../src/supervisor/runs/runnerLauncher';
import { identityOf, liveness } from '../../../../src/supervisor/system/identity';
import { processesStartedBy } from '../../../support/startedPrograms';
import { waitFor } from '../../../support/wait';
import { launcherIn, RunnerFixture, runnerPath, script } from '../runner/runnerFixture';
import { SupervisorFixture, until } from '../supervisorFixture';

const isRunner = ({ spawnargs }: ChildProcess): boolean => spawnargs.some((each) => each.endsWith('runner.js'));

describe('a runner that is ready before its run', () => {
  let fixture: RunnerFixture;
  let launcher: RunnerLauncher;
  beforeEach(async () => {
    fixture = await RunnerFixture.create();
    launcher = launcherIn(fixture.store.root);
  });
  afterEach(async () => {
    await launcher.close();
    await fixture.dispose();
  });

  const makeReady = async (): Promise<ChildProcess> => {
    const [ready, ...others] = await processesStartedBy(async () => {
      await launcher.prepare();
      await launcher.prepare();
    });
    assert.equal(others.length, 0);
    assert.ok(ready);
    return ready;
  };

  it('takes the run, with the variables that the run has and no others', async () => {
    const ready = await makeReady();
    const told = {
      PATH: process.env['PATH'],
      SYSTEMROOT: process.env['SYSTEMROOT'],
      CORRAL_WORDS: 'two\nlines, “quoted”',
    };
    const run = await fixture.run(
      script('process.stdout.write(JSON.stringify([process.env.CORRAL_WORDS, "HOME" in process.env]))'),
      { environment: ['CORRAL_WORDS'] },
    );
    const { runner } = await run.launch(told, launcher);
    assert.equal(runner.pid, ready.pid);
    assert.equal((await run.end()).outcome, 'completed');
    assert.deepEqual(JSON.parse(await run.output()), [told.CORRAL_WORDS, false]);
  });

  it('takes no second run', async () => {
    const ready = await makeReady();
    for (const isFirst of [true, false]) {
      const run = await fixture.run(script(''));
      const { runner } = await run.launch(process.env, launcher);
      assert.equal(runner.pid === ready.pid, isFirst);
      await run.end();
    }
  });

  it('ends where no run comes, and none is made ready after that', async () => {
    const ready = await makeReady();
    await launcher.close();
    assert.equal(ready.signalCode, 'SIGKILL');
    const [another] = await processesStartedBy(async () => await launcher.prepare());
    assert.equal(another, undefined);
  });

  it('is replaced where it was killed', async () => {
    const ready = await makeReady();
    const ended = once(ready, 'exit');
    ready.kill('SIGKILL');
    await ended;
    const run = await fixture.run(script(''));
    assert.notEqual((await run.launch(process.env, launcher)).runner.pid, ready.pid);
    assert.equal((await run.end()).outcome, 'completed');
  });

  it('ends with a window that is killed', async () => {
    const started = `require('node:child_process').spawn(process.execPath, process.argv.slice(1), { stdio: ['pipe', 'ignore', 'ignore'], detached: true })`;
    const text = `console.log(${started}.pid); setInterval(() => undefined, 1e6)`;
    const window = spawn(process.execPath, ['-e', text, '--', runnerPath, fixture.store.root], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [pid] = (await once(window.stdout, 'data')) as [Buffer];
    const runner = await identityOf(Number(pid.toString()));
    assert.ok(runner);
    window.kill('SIGKILL');
    await waitFor(async () => (await liveness(runner)) === 'dead', { what: 'the end of the runner' });
  });
});

describe('a runner for a new session', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('is made ready beside the worktree, unless the session has to wait', async () => {
    const window = fixture.window({ changes: { maxConcurrentRuns: 1 } });
    await window.whenRecovered();
    const make = async (prompt: string): Promise<string> =>
      (await window.createSession({ repository: fixture.repository.path, prompt, agent: 'demo' })).id;
    let first = '';
    const started = await processesStartedBy(async () => (first = await make('wait')));
    assert.equal(started.filter(isRunner).length, 1);
    assert.equal(
      started.at(-1)?.spawnfile.includes('git'),
      true,
      'the runner did not begin before the worktree was made',
    );
    await until(window, first, ({ status }) => status === 'Running', 'the start');
    const later = await processesStartedBy(async () => await make('talk'));
    assert.equal(later.filter(isRunner).length, 0);
  });
});
