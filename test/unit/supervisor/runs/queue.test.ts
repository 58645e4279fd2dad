import assert from 'node:assert/strict';
import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import type { SessionRequest, SessionSummary } from '../../../../src/supervisor/api';
import { readClaim } from '../../../../src/supervisor/runnerProtocol/claimFile';
import type { SupervisorSettings } from '../../../../src/supervisor/settings';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { until, SupervisorFixture } from '../supervisorFixture';

const LONG = 'slow 4000 50ms';

describe('the queue', () => {
  let fixture: SupervisorFixture;
  const changes: Partial<SupervisorSettings> = {};
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    changes.maxConcurrentRuns = 1;
    changes.agents = {};
    delete changes.minimumFreeMemoryMiB;
    delete changes.countWaitingRuns;
  });
  afterEach(async () => {
    await fixture.end();
  });

  const open = (): Supervisor => fixture.window({ settings: () => ({ ...fixture.settings(), ...changes }) });

  async function start(window: Supervisor, prompt: string, request: Partial<SessionRequest> = {}): Promise<string> {
    return (
      await window.createSession({
        repository: fixture.repository.path,
        prompt,
        agent: 'demo',
        title: prompt,
        ...request,
      })
    ).id;
  }

  async function waits(window: Supervisor, id: string, position: number, heldBy: string): Promise<void> {
    const isThere = (session: SessionSummary): boolean =>
      session.state === 'queued' && session.queuePosition === position && session.heldBy === heldBy;
    await until(window, id, isThere, `place ${position} (${heldBy})`);
  }

  it('says where a session stands and why, starts in order, and lets people change both', async () => {
    const window = open();
    const first = await start(window, LONG);
    const [a, b, c] = [await start(window, 'talk a'), await start(window, 'talk b'), await start(window, 'talk c')];
    const why = '1 of 1 running';
    await waits(window, a, 1, why);
    await waits(window, b, 2, why);
    await waits(window, c, 3, why);
    assert.equal((await window.getSession(c)).status, 'Starting');
    await assert.rejects(window.sendMessage(c, 'talk'), { code: 'NOT_RUNNING' });
    await window.moveInQueue(c, 1);
    await waits(window, c, 1, why);
    await waits(window, b, 3, why);
    await window.moveInQueue(c, 2);
    await waits(window, a, 1, why);
    await window.moveInQueue(a, 9);
    await waits(window, c, 1, why);
    await waits(window, a, 3, why);
    await window.startNow(b);
    await until(window, b, ({ status }) => status === 'Completed', 'its end, beside the other');
    await until(window, first, ({ status }) => status === 'Running', 'the other one, which goes on');
    await assert.rejects(window.startNow(b), { code: 'CONFLICT' });
    await window.stop(c);
    assert.deepEqual(
      [(await window.getSession(c)).state, (await window.getSession(c)).failureReason],
      ['stopped', 'Stopped by you'],
    );
    await waits(window, a, 1, why);
    await window.kill(first);
    const done = await until(window, a, ({ status }) => status === 'Completed', 'its turn');
    assert.deepEqual([done.queuePosition, done.heldBy], [undefined, undefined]);
  });

  it('gives the slot of who waits for a person to the next, in every window, until it is answered (12)', async () => {
    const [window, other] = [open(), open()];
    const asking = await start(window, 'ask git status\nslow 4000 50ms');
    await until(window, asking, ({ needsInput }) => needsInput, 'its question');
    const next = await start(window, LONG);
    await until(other, next, ({ status }) => status === 'Running', 'its start, beside the question');
    const third = await start(other, 'talk');
    await waits(window, third, 1, '1 of 1 running');
    await waits(other, third, 1, '1 of 1 running');
    const { pendingPermissions } = await other.getSession(asking);
    const [asked] = pendingPermissions;
    assert.ok(asked);
    await other.answerPermission(asking, asked.requestId, { optionId: asked.options[0]?.optionId ?? '' });
    await until(window, asking, ({ state }) => state === 'running', 'it goes on, over the limit');
    await waits(window, third, 1, '2 of 1 running');
    await window.kill(next);
    await waits(other, third, 1, '1 of 1 running');
    await window.kill(asking);
    await until(window, third, ({ status }) => status === 'Completed', 'its turn');
  });

  it('keeps the slot of who waits for a person where that is wanted, and says so (12)', async () => {
    changes.countWaitingRuns = true;
    const window = open();
    const asking = await start(window, 'ask git status');
    await until(window, asking, ({ needsInput }) => needsInput, 'its question');
    const next = await start(window, 'talk');
    await waits(window, next, 1, '1 of 1 running, 1 of them waiting for your answer');
    changes.countWaitingRuns = false;
    await until(window, next, ({ status }) => status === 'Completed', 'its turn');
    await window.kill(asking);
  });

  it('starts in another window what was queued here, exactly as it was queued', async () => {
    const first = open();
    changes.agents = {
      greeter: {
        driver: 'command',
        path: process.execPath,
        args: ['-p', '`${process.env.GREETING} ${process.argv[1]}`', '{prompt}'],
        env: { GREETING: 'hello' },
      },
    };
    const busy = await start(first, LONG);
    const waiting = await start(first, 'you', { agent: 'greeter' });
    const spoilt = await start(first, 'nobody', { agent: 'greeter' });
    await fixture.close(first);
    // The program was resolved when the run was queued. Values that may be secret come from the settings at the start.
    changes.agents = { greeter: { driver: 'command', path: '/not/there', env: { GREETING: 'good evening' } } };
    const second = open();
    await waits(second, waiting, 1, '1 of 1 running');
    await second.kill(busy);
    await until(second, waiting, ({ status }) => status === 'Completed', 'its turn');
    const { events } = await second.listSessionHistory(waiting, { kinds: ['output'] });
    assert.deepEqual(
      events.map((event) => event.kind === 'output' && event.data.text),
      ['good evening you'],
    );
    await until(second, spoilt, ({ status }) => status === 'Completed', 'the last');
    const untold = await start(second, LONG);
    changes.maxConcurrentRuns = 1;
    changes.agents = { greeter: { driver: 'command', path: process.execPath, env: { GREETING: 'hello' } } };
    const lost = await start(second, 'you', { agent: 'greeter' });
    changes.agents = {};
    await second.kill(untold);
    const failed = await until(second, lost, ({ status }) => status === 'Failed', 'its failure');
    assert.match(failed.failureReason ?? '', /no longer gives “greeter” .*: GREETING/);
  });

  it('starts nothing in a window that is not trusted, and says so', async () => {
    const first = open();
    const busy = await start(first, LONG);
    const waiting = await start(first, 'talk');
    await fixture.close(first);
    const untrusted = fixture.window({
      isTrusted: () => false,
      settings: () => ({ ...fixture.settings(), ...changes, maxConcurrentRuns: 2 }),
    });
    await until(untrusted, busy, ({ checking }) => !checking, 'the other one');
    await waits(untrusted, waiting, 1, 'no window is open whose workspace is trusted');
    await fixture.close(untrusted);
    changes.maxConcurrentRuns = 2;
    const trusted = open();
    await until(trusted, waiting, ({ status }) => status === 'Completed', 'its turn');
  });

  it('counts no run that was cut off', async () => {
    const window = open();
    const cutOff = await start(window, LONG);
    const waiting = await start(window, 'talk');
    await waits(window, waiting, 1, '1 of 1 running');
    const { currentRunId = '' } = await until(window, cutOff, ({ status }) => status === 'Running', 'its start');
    const claim = await readClaim(new StorePaths(fixture.storageDirectory).session(cutOff).run(currentRunId));
    assert.ok(claim?.state === 'claimed');
    process.kill(claim.runner.pid, 'SIGKILL');
    await until(window, waiting, ({ status }) => status === 'Completed', 'its turn');
    const { restored, status } = await window.getSession(cutOff);
    assert.deepEqual([restored, status], [true, 'Running']);
  });

  it('starts others where a run was claimed in a way not known here, or a journal cannot be read, and says each once', async () => {
    const window = open();
    const paths = new StorePaths(fixture.storageDirectory);
    const busy = await start(window, LONG);
    const [foreign, unreadable, sound] = [
      await start(window, 'talk a'),
      await start(window, 'talk b'),
      await start(window, 'talk c'),
    ];
    await waits(window, sound, 3, '1 of 1 running');
    const { currentRunId: foreignRun = '' } = await window.getSession(foreign);
    await writeFile(paths.session(foreign).run(foreignRun).claim, '{"state":"held","by":"a later version"}');
    await writeFile(join(paths.slots, foreignRun), foreign);
    const { journal } = paths.session(unreadable);
    await rename(journal, `${journal}.away`);
    await mkdir(journal);
    changes.maxConcurrentRuns = 3;
    const last = await start(window, 'talk d');
    await until(window, sound, ({ status }) => status === 'Completed', 'its end');
    const { state } = await window.getSession(foreign);
    assert.equal(state, 'queued', 'it is neither started a second time nor closed');
    await until(window, busy, ({ status }) => status === 'Running', 'the other one, which goes on');
    await until(window, last, ({ status }) => status === 'Completed', 'one more');
    for (const id of [foreign, unreadable])
      assert.equal(
        fixture.logged.filter((line) => line.includes(`skips session ${id}`)).length,
        1,
        fixture.logged.join('\n'),
      );
    await rm(journal, { recursive: true });
    await rename(`${journal}.away`, journal);
    await rm(paths.session(foreign).run(foreignRun).claim);
    for (const id of [foreign, unreadable])
      await until(window, id, ({ status }) => status === 'Completed', 'its turn after all');
  });

  it('waits for memory while something is under way', async () => {
    changes.maxConcurrentRuns = 2;
    changes.minimumFreeMemoryMiB = 1e9;
    const window = open();
    const first = await start(window, LONG);
    const second = await start(window, 'talk');
    const held = await until(window, second, ({ heldBy }) => heldBy !== undefined, 'the reason');
    assert.match(held.heldBy ?? '', /^\d+ MB of memory are free, 1000000000 MB are kept$/);
    await window.kill(first);
    await until(window, second, ({ status }) => status === 'Completed', 'its turn');
  });

  it('starts a session once, after both that it depends on, from the work of one of them', async () => {
    changes.maxConcurrentRuns = 8;
    const window = open();
    const other = open();
    // Both wait for an answer until the third session exists, however slow this machine is.
    const first = await start(window, 'ask git status; edit notes.txt from the first');
    const second = await start(window, 'ask git status; edit other.txt from the second');
    const after = await start(window, 'read notes.txt; talk done', {
      dependsOn: [first, second],
      base: `refs/corral/${first}`,
    });
    const { worktreePath, baseCommit } = await until(
      window,
      after,
      ({ heldBy }) => heldBy === 'waits for “ask git status; edit notes.txt from the first” and 1 more',
      'the reason',
    );
    assert.equal(baseCommit, '');
    await assert.rejects(access(worktreePath), { code: 'ENOENT' });
    for (const id of [first, second]) {
      const { pendingPermissions } = await until(window, id, ({ needsInput }) => needsInput, 'the question');
      await window.answerPermission(id, pendingPermissions[0]?.requestId ?? '', { optionId: 'allow_once' });
    }
    const done = await until(other, after, ({ status }) => status === 'Completed', 'its end');
    assert.equal(done.runs.length, 1);
    assert.equal(
      done.baseCommit,
      await fixture.repository.git('rev-parse', 'HEAD'),
      'a fork is judged by what the other one began with',
    );
    assert.equal(await readFile(join(worktreePath, 'notes.txt'), 'utf8'), 'from the first\n');
    const startOf = async (id: string): Promise<string> =>
      (await window.listSessionHistory(id, { kinds: ['run.started'] })).events.map((event) => event.timestamp).join();
    const endOf = async (id: string): Promise<string> =>
      (await window.listSessionHistory(id, { kinds: ['run.exited'] })).events.map((event) => event.timestamp).join();
    for (const id of [first, second]) assert.ok((await endOf(id)) <= (await startOf(after)), 'it started after both');
    const journal = await readFile(new StorePaths(fixture.storageDirectory).session(after).journal, 'utf8');
    assert.equal(journal.match(/"kind":"run\.queued"/g)?.length, 1);
  });

  it('holds what depends on a session that failed, until that one completes, and refuses a circle', async () => {
    const window = open();
    changes.maxConcurrentRuns = 8;
    const first = await start(window, 'fail');
    const second = await start(window, 'talk b', { dependsOn: [first] });
    const third = await start(window, 'talk c', { dependsOn: [second] });
    await waits(window, second, 1, 'waits for “fail”, which failed');
    await waits(window, third, 2, 'waits for “talk b”');
    await assert.rejects(window.setDependencies(second, [third]), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(window.setDependencies(second, [second]), { code: 'INVALID_ARGUMENT' });
    await assert.rejects(window.setDependencies(second, ['aaaaaaaaaaaa']), { code: 'SESSION_NOT_FOUND' });
    await assert.rejects(start(window, 'talk', { dependsOn: ['aaaaaaaaaaaa'] }), { code: 'SESSION_NOT_FOUND' });
    await assert.rejects(window.setDependencies(first, []), { code: 'CONFLICT' });
    await window.sendMessage(first, 'talk better now');
    await until(window, third, ({ status }) => status === 'Completed', 'all three');
    const fourth = await start(window, 'talk d', { dependsOn: [await start(window, LONG)] });
    await waits(window, fourth, 1, `waits for “${LONG}”`);
    await window.setDependencies(fourth, []);
    await until(window, fourth, ({ status }) => status === 'Completed', 'its end without the other');
  });
});
