import assert from 'node:assert/strict';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { StorePaths } from '../../../../src/storage/paths';
import type { RunPaths } from '../../../../src/storage/paths';
import type { RecoveryReport, SessionSummary } from '../../../../src/supervisor/api';
import { liveness } from '../../../../src/supervisor/system/identity';
import { claimSchema } from '../../../../src/supervisor/runnerProtocol/protocol';
import type {} from '../../../../src/supervisor/runnerProtocol/protocol';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { waitFor } from '../../../support/wait';
import { until, SupervisorFixture } from '../supervisorFixture';
import type { HeldClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';

const LONG = 'talk I begin; slow 4000 50ms';

describe('what becomes of a run that was not seen to end', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function startLong(window: Supervisor): Promise<SessionSummary> {
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt: LONG, agent: 'demo' });
    return await until(
      window,
      id,
      (session) => session.status === 'Running' && session.nativeSessionId !== undefined,
      'the start',
    );
  }

  function runOf(session: SessionSummary): RunPaths {
    return new StorePaths(fixture.storageDirectory).session(session.id).run(session.currentRunId ?? '');
  }

  async function claimOf(session: SessionSummary): Promise<HeldClaim> {
    const claim = v.parse(claimSchema, JSON.parse(await readFile(runOf(session).claim, 'utf8')));
    assert.ok(claim.state === 'claimed');
    return claim;
  }

  /** Waits until it is gone: before that, a window may find it silent, which is another case. */
  async function killRunner(session: SessionSummary): Promise<HeldClaim> {
    const claim = await claimOf(session);
    process.kill(claim.runner.pid, 'SIGKILL');
    await waitFor(async () => (await liveness(claim.runner)) === 'dead', { what: 'the end of the runner' });
    return claim;
  }

  async function recovery(window: Supervisor): Promise<RecoveryReport> {
    return await new Promise((resolve) => window.onDidCompleteRecovery(resolve));
  }

  it('is adopted again where its runner lives', async () => {
    const first = fixture.window();
    const session = await startLong(first);
    await fixture.close(first);
    const second = fixture.window();
    assert.deepEqual((await recovery(second)).readopted, [session.id]);
    assert.equal((await second.getSession(session.id)).status, 'Running');
    await second.stop(session.id);
    assert.equal((await second.getSession(session.id)).failureReason, 'Stopped by you');
  });

  it('is marked, and can be resumed, where runner and agent died without a word', async () => {
    const first = fixture.window();
    const session = await startLong(first);
    await access(runOf(session).reserve);
    await fixture.close(first);
    const { agent, endpoint } = await killRunner(session);
    const second = fixture.window();
    assert.deepEqual((await recovery(second)).restored, [session.id]);
    await assert.rejects(access(runOf(session).reserve), { code: 'ENOENT' }, 'the space that it held is free');
    if (process.platform !== 'win32') await assert.rejects(access(endpoint), { code: 'ENOENT' }, 'its socket is gone');
    assert.ok(agent);
    assert.equal(await liveness(agent), 'dead', 'what was left of the agent was ended');
    const marked = await second.getSession(session.id);
    assert.deepEqual([marked.status, marked.restored, marked.recoveryHint], ['Running', true, 'resume']);
    assert.ok(marked.restoredAt);
    await assert.rejects(second.stop(session.id), { code: 'NOT_RUNNING' });

    await second.resume(session.id, 'talk I am back');
    const resumed = await until(
      second,
      session.id,
      ({ status }) => status === 'Completed',
      'the end of the resumed run',
    );
    assert.deepEqual([resumed.restored, resumed.runs.length], [false, 2]);
    assert.equal(resumed.nativeSessionId, session.nativeSessionId);
  });

  it('fails instead, where the policy says so', async () => {
    const first = fixture.window();
    const session = await startLong(first);
    await fixture.close(first);
    await killRunner(session);
    const second = fixture.window({ changes: { recoveryPolicy: 'fail' } });
    assert.deepEqual((await recovery(second)).failed, [session.id]);
    const failed = await second.getSession(session.id);
    assert.deepEqual([failed.status, failed.restored], ['Failed', false]);
    assert.match(failed.failureReason ?? '', /ended without a word/);
  });

  it('is closed once by two windows that were both watching', async () => {
    const first = fixture.window();
    const second = fixture.window();
    const session = await startLong(first);
    await until(
      second,
      session.id,
      ({ status, checking }) => status === 'Running' && !checking,
      'the session in the second window',
    );
    process.kill((await claimOf(session)).runner.pid, 'SIGKILL');
    await Promise.all(
      [first, second].map(async (window) => await until(window, session.id, ({ restored }) => restored, 'the mark')),
    );
    const journal = await readFile(new StorePaths(fixture.storageDirectory).session(session.id).journal, 'utf8');
    assert.equal(journal.match(/"kind":"run\.closed"/g)?.length, 1);
  });

  it('is said to be silent, and never taken for dead, where its runner lives but does not answer; kill ends it', async () => {
    const first = fixture.window();
    const session = await startLong(first);
    const { runner, agent } = await claimOf(session);
    await fixture.close(first);
    process.kill(runner.pid, 'SIGSTOP');
    await untilStopped(runner.pid);
    const second = fixture.window();
    assert.deepEqual((await recovery(second)).unreachable, [session.id]);
    const silent = await second.getSession(session.id);
    assert.equal(silent.status, 'Running');
    assert.ok(silent.unreachable);
    await assert.rejects(second.resume(session.id), { code: 'RUNNING' });
    assert.ok(agent);
    assert.equal(await liveness(agent), 'alive');
    await second.kill(session.id);
    await waitFor(async () => (await liveness(agent)) === 'dead' && (await liveness(runner)) === 'dead', {
      what: 'the end of both',
    });
    const { status, state, failureReason } = await second.getSession(session.id);
    assert.deepEqual([status, state, failureReason], ['Failed', 'killed', 'Killed by you']);
  });

  it('is taken for alive where its runner belongs to another container, and for dead where the machine was started anew since', async () => {
    const first = fixture.window();
    const session = await startLong(first);
    await fixture.close(first);
    const claim = await killRunner(session);
    const { runner } = claim;
    await rm(claim.endpoint, { force: true }); // it would prove the death
    const claimFile = new StorePaths(fixture.storageDirectory)
      .session(session.id)
      .run(session.currentRunId ?? '').claim;
    const pretend = async (changes: Partial<typeof runner>): Promise<void> =>
      await writeFile(claimFile, JSON.stringify({ ...claim, runner: { ...runner, ...changes } }));

    await pretend({ pidNamespace: 'pid:[1]' });
    const second = fixture.window();
    assert.deepEqual((await recovery(second)).unreachable, [session.id]);
    await assert.rejects(second.resume(session.id), { code: 'RUNNING' });
    await assert.rejects(second.kill(session.id), { code: 'RUNNER_UNREACHABLE' });
    await fixture.close(second);
    if (runner.boot === '') return; // this system has no boot id
    await pretend({ pidNamespace: 'pid:[1]', boot: 'before' });
    const third = fixture.window();
    const ended = await until(
      third,
      session.id,
      ({ unreachable, checking, state }) => !checking && unreachable === undefined && state === 'killed',
      'its end',
    );
    assert.equal(ended.failureReason, 'Killed by you');
  });

  it('takes over an outcome that came while nobody looked', async () => {
    const first = fixture.window();
    const go = join(fixture.storageDirectory, 'go');
    const waits =
      "const wait = () => (require('node:fs').existsSync(process.argv[1]) ? undefined : setTimeout(wait, 20)); wait();";
    const argv = [process.execPath, '-e', waits, go];
    const { id } = await first.createSession({
      repository: fixture.repository.path,
      prompt: 'x',
      agent: 'command',
      argv,
    });
    const { currentRunId } = await until(first, id, ({ status }) => status === 'Running', 'the start');
    await fixture.close(first);
    await writeFile(go, '');
    const run = new StorePaths(fixture.storageDirectory).session(id).run(currentRunId ?? '');
    await waitFor(async () => (await readFile(run.events, 'utf8')).includes('"run.exited"'), {
      what: 'the end of the run',
    });
    const second = fixture.window();
    const ended = await until(second, id, ({ status }) => status === 'Completed', 'the outcome');
    assert.equal(ended.restored, false);
  });
});

/** A signal takes effect only when its process runs next. Only Linux shows the state. */
async function untilStopped(pid: number): Promise<void> {
  if (process.platform !== 'linux') return;
  await waitFor(async () => /\) T /.test(await readFile(`/proc/${pid}/stat`, 'latin1')), {
    what: 'the runner to stand still',
  });
}
