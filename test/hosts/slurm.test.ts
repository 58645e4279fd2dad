import assert from 'node:assert/strict';
import { mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import type { SessionRequest, SessionSummary } from '../../src/supervisor/api';
import { parseHostSettings } from '../../src/supervisor/hosts/hostSettings';
import type { Supervisor } from '../../src/supervisor/supervisor';
import { endProcessesOf, listProcesses, type ProcessFacts } from '../support/processes';
import { noMemoryLimit, noSlurm, SlurmCluster, type NodeName } from '../support/hosts/slurmCluster';
import { skip } from '../support/skip';
import { waitFor } from '../support/wait';
import { RemoteFixture } from '../unit/supervisor/runs/remote/remoteFixture';
import { until } from '../unit/supervisor/supervisorFixture';

/** From when the scheduler knows something until the session tells of it. */
const TOLD_LIMIT_MS = 10_000;
const JOB_LIMIT_MS = 180_000;

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describe('a session on a cluster', () => {
  let cluster: SlurmCluster;
  let fixture: RemoteFixture;
  let window: Supervisor;
  let home: string;
  /** What is started there writes a line for its beginning and one for its end. */
  let worked: string;
  /** Further ways to the cluster, by their names. */
  let hosts: Record<string, object>;
  const cleanups: (() => Promise<void>)[] = [];

  before(async function () {
    const reason = await noSlurm();
    if (reason !== undefined) skip(this, reason);
    cluster = await SlurmCluster.start();
    cleanups.push(async () => await cluster.stop());
    home = await realpath(await mkdtemp(join(tmpdir(), 'corral-far-')));
    cleanups.push(async () => {
      await endProcessesOf(home);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    });
    worked = join(home, 'worked');
    const { SLURM_CONF } = cluster.environment;
    const exec = ['env', `HOME=${home}`, `SLURM_CONF=${SLURM_CONF}`, 'sh', '-c', 'cd "$HOME"; exec "$@"', 'sh'];
    const on = (partition: string, ...args: string[]): object => ({
      exec,
      node: process.execPath,
      slurm: { partition, args },
    });
    hosts = { n1: on('n1'), n2: on('n2'), short: on('n2', '--time=1'), small: on('n2', '--mem=150M') };
    fixture = await RemoteFixture.of({ home, setting: on('all') });
    cleanups.push(async () => await fixture.here.end());
    window = openWindow();
  });
  afterEach(async () => {
    for (const { id, status } of await window.listSessions())
      if (status === 'Starting' || status === 'Running') await window.kill(id).catch(() => undefined);
  });
  after(async () => {
    for (const cleanUp of cleanups.toReversed()) await cleanUp();
  });

  function openWindow(): Supervisor {
    const changes = { hosts: parseHostSettings({ ...fixture.hosts, ...hosts }) };
    return fixture.here.window({ silenceLimitMs: 1_000, changes });
  }

  /** A session of a script that tells in `worked` of its beginning and its end. */
  async function session(host: string, name: string, script: string): Promise<SessionSummary> {
    const told = `set -e; echo "+ ${name}" >> ${worked}; ${script}; echo "- ${name}" >> ${worked}`;
    const request: Partial<SessionRequest> = { agent: 'command', argv: ['sh', '-c', told], host };
    return await fixture.session(window, { prompt: name, ...request });
  }

  async function begunOf(name: string): Promise<number> {
    const lines = (await readFile(worked, 'utf8').catch(() => '')).split('\n');
    return lines.filter((line) => line === `+ ${name}`).length;
  }

  async function running(host: string, name: string, script: string): Promise<SessionSummary> {
    const { id } = await session(host, name, script);
    await waitFor(async () => (await begunOf(name)) === 1, { what: 'its beginning' });
    return await until(window, id, ({ state, host }) => state === 'running' && host?.job !== undefined, 'its job');
  }

  /** The session as soon as `isSo` holds, which it has to soon after the scheduler tells that state of its job. */
  async function told(
    { id, host }: SessionSummary,
    state: string,
    isSo: (session: SessionSummary) => boolean,
  ): Promise<SessionSummary> {
    const jobId = host?.job?.id ?? '';
    await waitFor(async () => (await cluster.stateOf(jobId)) === state, { what: state, limitMs: JOB_LIMIT_MS });
    return await waitFor(
      async () => {
        const now = await window.getSession(id);
        return now.host?.job?.state === state && isSo(now) && now;
      },
      { what: `${state} in the session`, limitMs: TOLD_LIMIT_MS },
    );
  }

  it('is tried by what its scheduler takes', async () => {
    const report = await window.testHost('far');
    assert.deepEqual(
      report.checks
        .filter(({ name }) => name === 'slurm' || name === 'detached')
        .map(({ name, state }) => [name, state]),
      [['slurm', 'passed']],
    );
    assert.equal((await window.listHosts()).find(({ name }) => name === 'far')?.kind, 'slurm');
  });

  it('runs with nine others one after the other where there is one place of two', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `ten-${String(index)}`);
    const sessions: SessionSummary[] = [];
    for (const name of names) sessions.push(await session('n1', name, 'sleep 1'));
    for (const { id } of sessions) {
      const ended = await waitFor(
        async () => {
          const now = await window.getSession(id);
          return isOver(now) && now;
        },
        { what: 'the end of all', limitMs: JOB_LIMIT_MS },
      );
      assert.equal(ended.status, 'Completed', JSON.stringify(ended) + fixture.here.logged.join('\n'));
      assert.equal(ended.host?.kind, 'slurm');
      assert.equal((await cluster.jobsOf(ended.currentRunId ?? '')).length, 1);
    }
    const lines = (await readFile(worked, 'utf8')).trim().split('\n');
    assert.equal(lines.length, 20);
    for (let index = 0; index < lines.length; index += 2)
      assert.equal(lines[index + 1], lines[index]?.replace('+', '-')); // never two at once
    assert.deepEqual([...new Set(lines)].length, 20);
    const [first] = sessions;
    await fixture.assertSame(first?.id ?? '', first?.currentRunId ?? '');
  });

  it('asks there and is answered here, through its job', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello; ask echo allowed; slow 20 10ms' });
    const [question] = (await until(window, id, ({ needsInput }) => needsInput, 'the question')).pendingPermissions;
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined);
    const isStep = ({ command }: ProcessFacts): boolean => command.startsWith('srun --overlap');
    await waitFor(async () => (await listProcesses()).some(isStep), { what: 'a way into its job' });
    await window.answerPermission(id, question.requestId, { optionId: allow.optionId });
    const ended = await until(window, id, isOver, 'the end');
    assert.equal(ended.status, 'Completed', fixture.here.logged.join('\n'));
    await fixture.assertSame(id, ended.currentRunId ?? '');
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['notes.txt'],
    );
  });

  it('is queued with the scheduler’s reason, and is cancelled while it waits', async () => {
    const before = await running('n1', 'holder', 'sleep 600');
    const isWaiting = ({ state, host, heldBy }: SessionSummary): boolean =>
      state === 'queued' && host?.job?.state === 'PENDING' && /^Slurm: (Resources|Priority)$/.test(heldBy ?? '');
    const stopped = await session('n1', 'stopped', 'sleep 600');
    const waiting = await until(window, stopped.id, isWaiting, 'the reason');
    await window.stop(stopped.id);
    assert.equal((await window.getSession(stopped.id)).state, 'stopped');
    assert.equal(await cluster.stateOf(waiting.host?.job?.id ?? ''), 'CANCELLED');
    const cancelled = await session('n1', 'cancelled', 'sleep 600');
    const other = await until(window, cancelled.id, isWaiting, 'the reason');
    await cluster.ask('scancel', other.host?.job?.id ?? '');
    const ended = await told(other, 'CANCELLED', isOver);
    assert.match(ended.failureReason ?? '', /was cancelled \(CANCELLED/);
    await window.kill(before.id);
    assert.equal((await window.getSession(before.id)).state, 'killed');
    await waitFor(async () => (await cluster.nodeState('n1')) === 'idle', { what: 'an empty node' });
    assert.deepEqual([await begunOf('stopped'), await begunOf('cancelled')], [0, 0]);
  });

  it('is stopped by its runner, and ended by scancel, with all that it started', async () => {
    const stopped = await running('n2', 'polite', 'sleep 4712 & sleep 4712; wait');
    await window.stop(stopped.id);
    assert.equal((await window.getSession(stopped.id)).state, 'stopped');
    const ended = await running('n2', 'rude', 'echo kept > kept.txt; sleep 4712 & sleep 4712; wait');
    await cluster.ask('scancel', ended.host?.job?.id ?? '');
    const session = await told(ended, 'CANCELLED', ({ failureReason = '' }) => /was cancelled/.test(failureReason));
    assert.equal(session.state, 'interrupted');
    const { changes } = await (await window.worktree(session.id)).changes();
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['kept.txt'],
    );
    const left = (await listProcesses()).filter(({ command }) => command.includes('sleep 4712'));
    assert.deepEqual(left, []);
  });

  it('tells that its time limit is near, and that it was reached', async () => {
    const begun = await running('short', 'long', 'echo kept > kept.txt; while :; do sleep 1; done');
    const ended = await told(begun, 'TIMEOUT', ({ failureReason = '' }) =>
      /reached its time limit/.test(failureReason),
    );
    assert.equal(ended.state, 'interrupted');
    const { events } = await window.listSessionHistory(begun.id);
    assert.ok(events.some(({ data }) => JSON.stringify(data).includes('time limit of this job')));
    assert.equal(await begunOf('long'), 1);
  });

  it('tells that it used too much memory', async function () {
    const reason = await noMemoryLimit();
    if (reason !== undefined) skip(this, reason);
    const hog = `${process.execPath} -e "const a = []; for (;;) a.push(Buffer.alloc(1 << 20, 1))"`;
    const begun = await running('small', 'hog', hog);
    const ended = await told(begun, 'OUT_OF_MEMORY', ({ failureReason = '' }) => /more memory/.test(failureReason));
    assert.equal(ended.state, 'crashed');
    assert.equal(await begunOf('hog'), 1);
  });

  for (const byPerson of [false, true])
    it(`is unreachable after its node failed, until ${byPerson ? 'a person' : 'the node'} says that it is over`, async () => {
      const node: NodeName = 'n2';
      const name = byPerson ? 'given up' : 'failing';
      const begun = await running(node, name, 'while :; do sleep 0.2; done');
      await cluster.killDaemon(node);
      const away = await told(begun, 'NODE_FAIL', ({ unreachable }) => unreachable !== undefined);
      assert.equal(away.state, 'running');
      if (byPerson) {
        await until(window, begun.id, ({ maybeGone }) => maybeGone === true, 'the question');
        await window.markAsGone(begun.id);
        const now = await window.getSession(begun.id);
        assert.ok(now.restored || isOver(now));
      }
      await cluster.startDaemon(node);
      const ended = await waitFor(
        async () => {
          const now = await window.getSession(begun.id);
          return (now.restored || isOver(now)) && now.unreachable === undefined && now;
        },
        { what: 'its end', limitMs: TOLD_LIMIT_MS },
      );
      assert.equal(ended.host?.job?.state, 'NODE_FAIL');
      assert.equal(await begunOf(name), 1);
      assert.equal((await cluster.jobsOf(begun.currentRunId ?? '')).length, 1);
    });

  it('has ended for a reason that is no longer known, where the scheduler has forgotten its job', async () => {
    const begun = await running('n1', 'forgotten', 'sleep 600');
    const jobId = begun.host?.job?.id ?? '';
    await fixture.here.close(window);
    await cluster.ask('scancel', jobId);
    await waitFor(async () => !['RUNNING', 'COMPLETING'].includes(await cluster.stateOf(jobId)), { what: 'its end' });
    await cluster.forgetJobs();
    window = openWindow();
    const isTold = ({ failureReason = '' }: SessionSummary): boolean => /no longer known/.test(failureReason);
    const ended = await until(window, begun.id, isTold, 'the reason');
    assert.deepEqual([ended.state, ended.host?.job?.id, ended.host?.job?.state], ['interrupted', jobId, 'FORGOTTEN']);
    assert.equal(await begunOf('forgotten'), 1);
  });

  it('goes on while no window is open, and is told afterwards', async () => {
    const begun = await running('n1', 'alone', 'sleep 2; echo kept > kept.txt');
    await fixture.here.close(window);
    window = openWindow();
    const ended = await until(window, begun.id, isOver, 'the end');
    assert.equal(ended.status, 'Completed');
    await fixture.assertSame(begun.id, ended.currentRunId ?? '');
  });
});
