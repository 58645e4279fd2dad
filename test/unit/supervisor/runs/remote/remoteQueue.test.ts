import assert from 'node:assert/strict';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { describeIf } from '../../../../support/skip';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

const isDone = ({ status }: SessionSummary): boolean => status === 'Completed';
const LONG = 'slow 100000 20ms';

describeIf(process.platform !== 'win32', 'there is no sh', 'sessions that wait for their host or for others', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote(
    (made) => {
      ({ fixture, window } = made);
    },
    { more: { maxConcurrentRuns: 1 } },
  );

  const changedPaths = async (id: string): Promise<string[]> =>
    (await (await window.worktree(id)).changes()).changes.map(({ path }) => path);

  it('wait while so many run there as its entry says, and hold up none here', async () => {
    const first = await fixture.session(window, { prompt: LONG });
    await until(window, first.id, ({ state }) => state === 'running', 'the first one');
    const second = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    const held = await until(window, second.id, ({ heldBy }) => heldBy !== undefined, 'the reason');
    assert.equal(held.state, 'queued');
    assert.match(held.heldBy ?? '', /1 of 1 running on the host “far”/);
    await fixture.here.completedSession(window);
    assert.equal((await window.getSession(second.id)).state, 'queued');
    await window.stop(first.id);
    await until(window, second.id, isDone, 'the second one');
    assert.deepEqual(await changedPaths(second.id), ['notes.txt']);
  });

  it('start now where a person says so, and leave the queue where one stops them', async () => {
    const first = await fixture.session(window, { prompt: LONG });
    await until(window, first.id, ({ state }) => state === 'running', 'the first one');
    const [second, third] = [
      await fixture.session(window, { prompt: 'talk' }),
      await fixture.session(window, { prompt: 'talk' }),
    ];
    await window.startNow(third.id);
    await until(window, third.id, isDone, 'the third one');
    await window.stop(second.id);
    assert.equal((await window.getSession(second.id)).state, 'stopped');
    await window.stop(first.id);
  });

  it('leave the queue while their host is away, at once unless it was asked to start them', async () => {
    const first = await fixture.session(window, { prompt: LONG });
    await until(window, first.id, ({ state }) => state === 'running', 'the first one');
    const [second, third] = [
      await fixture.session(window, { prompt: 'talk' }),
      await fixture.session(window, { prompt: 'talk' }),
    ];
    await fixture.cut({ isDown: true });
    await until(window, second.id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.stop(second.id);
    assert.equal((await window.getSession(second.id)).state, 'stopped');
    await window.startNow(third.id);
    await window.stop(third.id);
    assert.equal((await window.getSession(third.id)).state, 'stopping');
    await assert.rejects(window.stop(first.id), { code: 'HOST_UNREACHABLE' });
    await fixture.comeBack();
    const stopped = await until(window, third.id, ({ state }) => state === 'stopped', 'its end');
    assert.equal(stopped.runs[0]?.eventCount, 0);
    assert.equal((await window.getSession(first.id)).state, 'running');
    await window.stop(first.id);
  });

  it('start where one window ends and another is there', async () => {
    const first = await fixture.session(window, { prompt: LONG });
    await until(window, first.id, ({ state }) => state === 'running', 'the first one');
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    await fixture.here.close(window);
    window = fixture.window();
    await window.stop(first.id);
    await until(window, id, isDone, 'the one that waited');
  });

  it('start from the work of a session there or here that they wait for, once that is done', async () => {
    const base = (id: string): string => `refs/corral/${id}`;
    const repository = fixture.here.repository.path;
    const here = await window.createSession({ repository, agent: 'demo', prompt: 'slow 40 20ms; edit one.txt here' });
    const there = await fixture.session(window, {
      prompt: 'slow 40 20ms; edit two.txt there',
      dependsOn: [here.id],
      base: base(here.id),
    });
    assert.equal(there.state, 'queued');
    assert.match(
      (await until(window, there.id, ({ heldBy }) => heldBy !== undefined, 'why')).heldBy ?? '',
      /waits for/,
    );
    const last = await window.createSession({
      repository,
      agent: 'demo',
      prompt: 'edit three.txt here',
      dependsOn: [there.id],
      base: base(there.id),
    });
    const waiting = await fixture.session(window, { prompt: 'edit four.txt there', dependsOn: [last.id] });
    await until(window, last.id, isDone, 'the last one here');
    assert.deepEqual(await changedPaths(there.id), ['one.txt', 'two.txt']);
    assert.deepEqual(await changedPaths(last.id), ['one.txt', 'three.txt', 'two.txt']);
    await until(window, waiting.id, isDone, 'the last one there');
    assert.deepEqual(await changedPaths(waiting.id), ['four.txt']);
    const long = await fixture.session(window, { prompt: LONG });
    const planned = await fixture.session(window, { prompt: 'talk', dependsOn: [long.id], base: base(long.id) });
    await window.deleteSession(planned.id);
    await window.eraseHistory(planned.id);
    assert.deepEqual(await fixture.farTraces(planned.id), []);
    await window.stop(long.id);
  });

  it('wait for the end of a usage limit, and go on by themselves', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello; limit 20s' });
    const isWaiting = ({ state, waitsUntil }: SessionSummary): boolean =>
      state === 'queued' && waitsUntil !== undefined;
    assert.match((await until(window, id, isWaiting, 'its wait')).heldBy ?? '', /^waits for the usage limit until /);
    const session = await until(window, id, (now) => isDone(now) && now.runs.length === 2, 'the end');
    assert.deepEqual(
      session.runs.map(({ state }) => state),
      ['failed', 'completed'],
    );
  });

  it('wait while their host is away, and say so', async () => {
    const first = await window.createSession({
      repository: fixture.here.repository.path,
      agent: 'demo',
      prompt: 'slow 200 20ms',
    });
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello', dependsOn: [first.id] });
    await fixture.cut({ isDown: true });
    await until(window, first.id, isDone, 'the one that is waited for');
    const held = await until(window, id, ({ heldBy = '' }) => heldBy.includes('far'), 'the reason');
    assert.match(held.heldBy ?? '', /the host “far” is not connected/);
    await fixture.comeBack();
    await until(window, id, isDone, 'the end');
  });
});
