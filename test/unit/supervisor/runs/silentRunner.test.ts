import assert from 'node:assert/strict';
import { readFile, rm, stat } from 'node:fs/promises';
import { afterEach, beforeEach, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import type { RunPaths } from '../../../../src/storage/paths';
import type { SessionSummary } from '../../../../src/supervisor/api';
import type { HeldClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import { readClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { liveness } from '../../../../src/supervisor/system/identity';
import { describeIf } from '../../../support/skip';
import { waitFor } from '../../../support/wait';
import { until, SupervisorFixture } from '../supervisorFixture';

const LONG = 'talk I begin; slow 4000 50ms';

interface LongRun {
  id: string;
  paths: RunPaths;
  claim: HeldClaim;
}

describeIf(process.platform !== 'win32', 'Windows stops no process', 'a runner that stands still', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  async function start(window: Supervisor): Promise<LongRun> {
    const { id } = await window.createSession({ repository: fixture.repository.path, prompt: LONG, agent: 'demo' });
    const isUp = (session: SessionSummary): boolean => session.nativeSessionId !== undefined;
    const { currentRunId = '' } = await until(window, id, isUp, 'the start');
    const paths = new StorePaths(fixture.storageDirectory).session(id).run(currentRunId);
    const claim = await readClaim(paths);
    assert.ok(claim?.state === 'claimed');
    return { id, paths, claim };
  }

  async function stand({ claim }: LongRun): Promise<void> {
    process.kill(claim.runner.pid, 'SIGSTOP');
    if (process.platform !== 'linux') return;
    const isStopped = async (): Promise<boolean> =>
      (await readFile(`/proc/${claim.runner.pid}/stat`, 'latin1')).includes(') T ');
    await waitFor(isStopped, { what: 'the runner to stand still' });
  }

  /** A runner that has written its last record goes a moment later. */
  async function assertEnded({ claim: { agent, runner } }: LongRun): Promise<void> {
    assert.ok(agent !== undefined);
    assert.equal(await liveness(agent), 'dead');
    await waitFor(async () => (await liveness(runner)) === 'dead', { what: 'the end of the runner' });
  }

  it('is ended by stop, kill and delete, although its connection stays open (C2)', async () => {
    const window = fixture.window();
    const commands = {
      stopped: async (id: string) => await window.stop(id),
      killed: async (id: string) => await window.kill(id),
      deleted: async (id: string) => await window.deleteSession(id),
    };
    await Promise.all(
      Object.entries(commands).map(async ([state, command]) => {
        const run = await start(window);
        await stand(run);
        await command(run.id);
        await assertEnded(run);
        const session = await window.getSession(run.id);
        assert.deepEqual(
          [session.state, session.deleted, session.unreachable],
          [state === 'deleted' ? 'stopped' : state, state === 'deleted', undefined],
        );
      }),
    );
  });

  it('is shown as not answering when it does not answer a request, or nobody asks anything (C2)', async () => {
    const window = fixture.window();
    const [asked, left] = await Promise.all([start(window), start(window)]);
    await Promise.all([asked, left].map(stand));
    await assert.rejects(window.interrupt(asked.id), { code: 'TIMEOUT' });
    assert.ok((await window.getSession(asked.id)).unreachable !== undefined);
    await until(window, left.id, ({ unreachable }) => unreachable !== undefined, 'the missing heartbeat');
    process.kill(left.claim.runner.pid, 'SIGCONT');
    await until(window, left.id, ({ unreachable }) => unreachable === undefined, 'its return');
  });

  it('writes nothing more and ends its agent once it was marked as gone (C1)', async () => {
    const { window, run } = await markedAsGone();
    const { size } = await stat(run.paths.events);
    process.kill(run.claim.runner.pid, 'SIGCONT');
    await waitFor(async () => (await liveness(run.claim.runner)) === 'dead', { what: 'its end' });
    await assertEnded(run);
    assert.equal((await stat(run.paths.events)).size, size);
    await until(window, run.id, ({ restored }) => restored, 'the mark');
  });

  it('is ended before another run of its session starts, where it was marked as gone (C1)', async () => {
    const { window, run } = await markedAsGone();
    await window.resume(run.id, 'talk I am back');
    await assertEnded(run);
    await until(window, run.id, ({ status, runs }) => status === 'Completed' && runs.length === 2, 'the next run');
  });

  it('is shown as alive again where it speaks after it was marked as gone, and is ended before another run (C1)', async () => {
    const { window, run } = await markedAsGone();
    await rm(run.paths.laterClaim(2)); // of which a runner of an earlier version knows nothing
    process.kill(run.claim.runner.pid, 'SIGCONT');
    const alive = await until(window, run.id, ({ restored }) => !restored, 'its next event');
    assert.equal(alive.status, 'Running');
    await until(window, run.id, ({ unreachable }) => unreachable === undefined, 'the connection');
    await window.resume(run.id, 'talk I am back');
    await assertEnded(run);
    await until(window, run.id, ({ status, runs }) => status === 'Completed' && runs.length === 2, 'the next run');
  });

  async function markedAsGone(): Promise<{ window: Supervisor; run: LongRun }> {
    const first = fixture.window();
    const run = await start(first);
    await fixture.close(first);
    await stand(run);
    const window = fixture.window({ silenceLimitMs: 0 });
    await until(window, run.id, ({ maybeGone }) => maybeGone === true, 'the silence');
    await window.markAsGone(run.id);
    const { restored, recoveryHint } = await window.getSession(run.id);
    assert.deepEqual([restored, recoveryHint], [true, 'resume']);
    return { window, run };
  }
});
