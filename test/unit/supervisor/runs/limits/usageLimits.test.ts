import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../../src/storage/paths';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { AgentSetting } from '../../../../../src/supervisor/agents/agentRegistry';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { bundleFixtures, projectRoot } from '../../../../support/project';
import { waitFor } from '../../../../support/wait';
import { SupervisorFixture, until } from '../../supervisorFixture';

const FAR = 'limit 3600s';

describe('a session at its usage limit', () => {
  let fixture: SupervisorFixture;
  let bundle = '';
  const processes: ChildProcess[] = [];
  before(async () => {
    bundle = await bundleFixtures('supervisor/queueWindow.ts');
  });
  after(async () => {
    await rm(bundle, { recursive: true });
  });
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    for (const each of processes.splice(0)) each.kill('SIGKILL');
    await fixture.end();
  });

  const start = async (window: Supervisor, prompt: string): Promise<string> =>
    (await window.createSession({ repository: fixture.repository.path, prompt, agent: 'demo' })).id;
  const isWaiting = ({ state, waitsUntil }: SessionSummary): boolean => state === 'queued' && waitsUntil !== undefined;
  const isDone = ({ status, runs }: SessionSummary): boolean => status === 'Completed' && runs.length > 1;

  async function userMessages(window: Supervisor, id: string): Promise<string[]> {
    const conversation = await window.getConversation(id);
    return conversation.filter(({ role }) => role === 'user').map(({ content }) => content);
  }

  /** A window in a process of its own. */
  async function openProcess(): Promise<ChildProcess> {
    const parameters = [fixture.storageDirectory, join(projectRoot, 'dist'), '8', fixture.repository.path, '0'];
    const child = spawn(process.execPath, [join(bundle, 'queueWindow.js'), ...parameters], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    processes.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  it('goes on at the reset, once, although every window is killed while it waits and two others open', async () => {
    const first = fixture.window();
    const id = await start(first, 'limit 5s');
    const { waitsUntil = '', heldBy } = await until(first, id, isWaiting, 'its wait');
    assert.match(heldBy ?? '', /^waits for the usage limit until /);
    const windows = [await openProcess(), await openProcess()];
    await fixture.close(first);
    for (const each of windows) {
      each.kill('SIGKILL');
      await once(each, 'exit');
    }
    const [second, third] = [fixture.window(), fixture.window()];
    const { runs } = await until(second, id, isDone, 'its end');
    await until(third, id, isDone, 'its end in the other window');
    assert.deepEqual(
      runs.map(({ ordinal, state }) => [ordinal, state]),
      [
        [1, 'failed'],
        [2, 'completed'],
      ],
    );
    assert.ok((runs[1]?.startedAt ?? '') >= waitsUntil, `${runs[1]?.startedAt ?? ''} is not before ${waitsUntil}`);
    assert.deepEqual(await userMessages(second, id), ['limit 5s', 'continue']);
  });

  it('is found by the next window where it met the limit while none was open', async () => {
    const first = fixture.window();
    const id = await start(first, 'wait 500ms; limit 1s');
    const { currentRunId = '' } = await until(first, id, ({ state }) => state === 'running', 'its start');
    await fixture.close(first);
    const { events } = new StorePaths(fixture.storageDirectory).session(id).run(currentRunId);
    await waitFor(async () => (await readFile(events, 'utf8')).includes('"run.exited"'), {
      what: 'the end of its run',
    });
    const second = fixture.window();
    await until(second, id, isDone, 'its end');
    assert.deepEqual(await userMessages(second, id), ['wait 500ms; limit 1s', 'continue']);
  });

  it('holds no slot while it waits, and a person starts it now or stops it', async () => {
    const window = fixture.window({ changes: { maxConcurrentRuns: 1 } });
    const [now, never] = [await start(window, FAR), await start(window, FAR)];
    for (const id of [now, never]) await until(window, id, isWaiting, 'its wait');
    const other = await start(window, 'talk');
    await until(window, other, ({ status }) => status === 'Completed', 'the end of another one');
    await window.stop(never);
    const stopped = await window.getSession(never);
    assert.deepEqual(
      [stopped.state, stopped.failureReason, stopped.waitsUntil],
      ['stopped', 'Stopped by you', undefined],
    );
    await window.startNow(now);
    await until(window, now, isDone, 'its end');
    assert.equal((await window.getSession(never)).runs.length, 2, 'it waits no more');
  });

  it('goes first for its account, and the others follow at a distance', async () => {
    const staggerMs = 1_500;
    const window = fixture.window({ limitStaggerMs: staggerMs });
    const ids = [await start(window, 'limit 2s'), await start(window, 'limit 2s'), await start(window, 'limit 2s')];
    const times: number[] = [];
    for (const id of ids) {
      const { runs } = await until(window, id, isDone, 'its end');
      times.push(Date.parse(runs.find(({ ordinal }) => ordinal === 2)?.startedAt ?? ''));
    }
    const [a = 0, b = 0, c = 0] = times.sort((x, y) => x - y);
    assert.ok(b - a >= staggerMs && c - b >= staggerMs, times.join(', '));
  });

  it('asks where that is wanted, and goes on only when a person has said so', async () => {
    const window = fixture.window({ changes: { onUsageLimit: 'ask' } });
    const id = await start(window, 'limit 1s');
    const isAsking = ({ asksAboutLimit }: SessionSummary): boolean => asksAboutLimit === true;
    const { heldBy, waitsUntil = '' } = await until(window, id, isAsking, 'its question');
    assert.match(heldBy ?? '', /^at its usage limit until .*: wait, or go on with another agent\?$/);
    await waitFor(() => Date.now() > Date.parse(waitsUntil), { what: 'the reset' });
    const later = await start(window, 'talk');
    await until(window, later, ({ status }) => status === 'Completed', 'the end of one that was queued after it');
    assert.equal((await window.getSession(id)).state, 'queued');
    await window.waitForLimit(id);
    await until(window, id, isDone, 'its end');
    await assert.rejects(window.waitForLimit(id), { code: 'CONFLICT' });
  });

  it('goes on with another agent where a person allowed that, and asks one window about it where nobody did', async () => {
    const second: AgentSetting = {
      driver: 'claude',
      path: process.execPath,
      args: [join(projectRoot, 'dist/demoAgent.js'), '--demo-speed=100'],
    };
    const changes = { onUsageLimit: 'second', agents: { second } };
    const windows = [fixture.window({ changes }), fixture.window({ changes })];
    const [window] = windows;
    assert.ok(window);
    const asked: string[] = [];
    for (const each of windows)
      each.onDidWithholdCommand(({ sessionId, use, command }) => asked.push([sessionId, use, ...command].join(' ')));
    const waiting = await start(window, FAR);
    await until(window, waiting, isWaiting, 'its wait');
    await waitFor(() => asked.length > 0, { what: 'the question' });
    const { repository } = await window.getSession(waiting);
    await (await window.consents()).record({ repository, use: 'handOver', command: ['second'] }, true);
    const id = await start(window, FAR);
    const hasGoneOn = ({ agent, status }: SessionSummary): boolean => agent === 'second' && status === 'Running';
    const { runs, waitsUntil } = await until(window, id, hasGoneOn, 'the other agent');
    assert.deepEqual([runs.map(({ agent }) => agent), waitsUntil], [['demo', 'second'], undefined]);
    const told = await waitFor(async () => (await userMessages(window, id))[1], { what: 'what it is told' });
    assert.match(told, /^Another agent \(demo\) has worked on this/);
    assert.deepEqual(asked, [`${waiting} handOver second`]);
  });
});
