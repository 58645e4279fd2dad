import assert from 'node:assert/strict';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { parseHostSettings } from '../../../../../src/supervisor/hosts/hostSettings';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { listProcesses, processesOf } from '../../../../support/processes';
import { describeIf } from '../../../../support/skip';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describeIf(process.platform !== 'win32', 'there is no sh', 'a session on another host', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote((made) => {
    ({ fixture, window } = made);
  });

  it('runs a command there, and its work and its journal come home', async () => {
    const { id } = await fixture.session(window, {
      prompt: 'Say hello',
      agent: 'command',
      argv: ['sh', '-c', 'echo hello from $HOME; head -c 200000 /dev/zero | tr "\\0" x; echo new > added.txt'],
    });
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.status, 'Completed', JSON.stringify(session) + fixture.here.logged.join('\n'));
    assert.equal(session.worktreePath, '');
    assert.deepEqual({ name: session.host?.name, kind: session.host?.kind }, { name: 'far', kind: 'exec' });
    const { events } = await window.listSessionHistory(id);
    assert.ok(events.some(({ data }) => JSON.stringify(data).includes(`hello from ${fixture.home}`)));
    await fixture.assertSame(id, session.runs[0]?.runId ?? '');
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(
      changes.map(({ kind, path }) => `${kind} ${path}`),
      ['added added.txt'],
    );
    await (await window.worktree(id)).apply('staged');
    assert.equal(await readFile(join(fixture.here.repository.path, 'added.txt'), 'utf8'), 'new\n');
  });

  it('asks there and is answered here, goes on with a message, and its journals are the same', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello; ask echo allowed; slow 20 10ms' });
    const asking = await until(window, id, ({ needsInput }) => needsInput, 'the question');
    const [question] = asking.pendingPermissions;
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined);
    await window.answerPermission(id, question.requestId, { optionId: allow.optionId });
    await until(window, id, isOver, 'the end');
    await window.sendMessage(id, 'edit more.txt again');
    const session = await until(window, id, (now) => isOver(now) && now.runs.length === 2, 'the second end');
    assert.deepEqual(
      session.runs.map(({ state }) => state),
      ['completed', 'completed'],
    );
    for (const { runId } of session.runs) await fixture.assertSame(id, runId);
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(changes.map(({ path }) => path).sort(), ['more.txt', 'notes.txt']);
  });

  it('loses and doubles nothing where its host is cut off again and again', async () => {
    const { id } = await fixture.session(window, { prompt: 'slow 300 20ms; flood 2000; slow 50 20ms' });
    for (const seq of [20, 80, 150]) {
      const isThere = ({ host, runs }: SessionSummary): boolean =>
        host?.state === 'connected' && (runs[0]?.eventCount ?? 0) > seq;
      const before = await until(window, id, isThere, `event ${String(seq)}`);
      await fixture.cut();
      // It may be there again before anybody looks.
      await until(window, id, ({ host }) => host?.since !== before.host?.since, 'the cut');
    }
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.status, 'Completed');
    assert.equal(session.damagedRecords, 0);
    await fixture.assertSame(id, session.runs[0]?.runId ?? '');
  });

  it('is unreachable while its host is away, and nothing is concluded', async () => {
    const { id } = await fixture.session(window, { prompt: 'slow 400 20ms' });
    await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 10, 'its first events');
    await fixture.cut({ isDown: true });
    const isAway = ({ host, unreachable }: SessionSummary): boolean =>
      host?.state === 'unreachable' && unreachable !== undefined;
    const away = await until(window, id, isAway, 'the cut');
    assert.deepEqual([away.state, away.maybeGone], ['running', undefined]);
    await assert.rejects(window.kill(id), { code: 'HOST_UNREACHABLE' });
    await fixture.comeBack();
    // Its end may be here before the run is looked at anew.
    const isBack = (now: SessionSummary): boolean => isOver(now) && now.unreachable === undefined;
    const session = await until(window, id, isBack, 'the end');
    assert.equal(session.state, 'completed'); // what was refused is not done later
    await fixture.assertSame(id, session.runs[0]?.runId ?? '');
  });

  it('goes on while no window is open', async () => {
    const { id } = await fixture.session(window, { prompt: 'slow 100 20ms; edit notes.txt hello' });
    await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 10, 'its first events');
    await fixture.here.close(window);
    window = fixture.window();
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.status, 'Completed');
    await fixture.assertSame(id, session.runs[0]?.runId ?? '');
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(
      changes.map(({ path }) => path),
      ['notes.txt'],
    );
  });

  it('is copied to its end by the next window where one was killed between the last record and the mark', async () => {
    const { id, currentRunId = '' } = await fixture.completedSession(window);
    const { here } = await fixture.runFolders(id, currentRunId);
    await fixture.here.close(window);
    for (const name of ['mirrored', 'output.log.gz']) await rm(join(here, name));
    window = fixture.window();
    await fixture.assertSame(id, currentRunId);
  });

  it('is left alone while its host keeps Corral’s files in another folder', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello; slow 3000 20ms' });
    await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 10, 'its first events');
    await fixture.here.close(window);
    const elsewhere = { far: { ...fixture.hosts['far'], root: '~/else where' } };
    window = fixture.window({ hosts: parseHostSettings(elsewhere) });
    const { host } = await until(window, id, (now) => now.host?.reason !== undefined, 'the reason');
    assert.match(host?.reason ?? '', /^Correct “root” of “far”.*\.corral-host, not in .*else where\.$/);
    await assert.rejects(window.stop(id), { code: 'HOST_FAILED', message: /Correct “root”/ });
    const runners = (await processesOf(fixture.home)).filter(({ command }) => command.includes('runner.js'));
    assert.equal(runners.length, 1);
    await fixture.here.close(window);
    window = fixture.window();
    await window.stop(id);
    await fixture.assertSame(id, (await window.getSession(id)).currentRunId ?? '');
  });

  it('is seen and answered in two windows, of which one copies it and the other goes on when that is closed', async () => {
    const other = fixture.window();
    const { id } = await fixture.session(window, { prompt: 'slow 60 20ms; ask echo allowed; slow 100 20ms' });
    const [question] = (await until(other, id, ({ needsInput }) => needsInput, 'the question')).pendingPermissions;
    const allow = question?.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(question !== undefined && allow !== undefined);
    await until(other, id, ({ host }) => host?.state === 'connected', 'its connection');
    await fixture.here.close(window);
    window = other;
    await other.answerPermission(id, question.requestId, { optionId: allow.optionId });
    const session = await until(other, id, isOver, 'the end');
    assert.equal(session.status, 'Completed');
    await fixture.assertSame(id, session.currentRunId ?? '');
  });

  it('is stopped and killed there with all that it started', async () => {
    for (const end of ['stop', 'kill'] as const) {
      const { id } = await fixture.session(window, {
        prompt: 'wait',
        agent: 'command',
        argv: ['sh', '-c', 'sleep 4711 & sleep 4711; wait'],
      });
      await until(window, id, ({ state }) => state === 'running', 'the start');
      await window[end](id);
      const session = await window.getSession(id);
      assert.equal(session.state, end === 'stop' ? 'stopped' : 'killed');
      const left = (await listProcesses()).filter(({ command }) => command.includes('sleep 4711'));
      assert.deepEqual(left, []);
    }
  });

  it('is restored where its runner died there, with all that it had written', async () => {
    const { id } = await fixture.session(window, { prompt: 'slow 2000 20ms' });
    const { currentRunId = '' } = await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 10, 'its events');
    const { there } = await fixture.runFolders(id, currentRunId);
    const claim = JSON.parse(await readFile(join(there, 'runner.json'), 'utf8')) as { runner: { pid: number } };
    process.kill(claim.runner.pid, 'SIGKILL');
    const session = await until(window, id, ({ restored }) => restored, 'the restoration');
    assert.equal(session.recoveryHint, 'resume');
    await fixture.assertSame(id, currentRunId);
    // The window is killed before it has marked the copy as whole.
    const { here } = await fixture.runFolders(id, currentRunId);
    await fixture.here.close(window);
    await rm(join(here, 'mirrored'));
    window = fixture.window();
    await fixture.assertSame(id, currentRunId);
  });

  it('refuses what is not possible there yet', async () => {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    await until(window, id, isOver, 'the end');
    const refused = { code: 'HOST_NOT_SUPPORTED' };
    for (const action of [window.terminalCommand(id), window.askAside(id, 'Why?')])
      await assert.rejects(action, refused);
    assert.equal(await window.goneQuestion(id), undefined);
    await assert.rejects(fixture.session(window, { prompt: 'edit a b', agent: 'claude' }), { code: 'HOST_FAILED' });
    await assert.rejects(fixture.session(window, { prompt: 'edit a b', host: 'none' }), { code: 'HOST_UNKNOWN' });
  });
});
