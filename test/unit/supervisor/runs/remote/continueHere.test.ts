import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'mocha';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { endProcessesOf, processesOf } from '../../../../support/processes';
import { describeIf } from '../../../../support/skip';
import { waitFor } from '../../../../support/wait';
import { until } from '../../supervisorFixture';
import { type RemoteFixture, useRemote } from './remoteFixture';

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';
const isInSecondRun = ({ runs }: SessionSummary): boolean => (runs[1]?.eventCount ?? 0) > 20;

describeIf(process.platform !== 'win32', 'there is no sh', 'a session that goes on here', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  useRemote((made) => {
    ({ fixture, window } = made);
  });

  /** A session whose first work is here, and which works on. */
  async function workingSession(): Promise<SessionSummary> {
    const { id } = await fixture.session(window, { prompt: 'edit notes.txt hello' });
    await until(window, id, isOver, 'its first work');
    await window.sendMessage(id, 'edit late.txt late; slow 3000 20ms');
    return await until(window, id, isInSecondRun, 'its second run');
  }

  /** The objects of the session's refs, by the beginning of their names. */
  async function refs(id: string): Promise<Record<string, string>> {
    const { repository } = fixture.here;
    const listed = await repository.git(
      'for-each-ref',
      '--format=%(refname) %(objectname)',
      '--',
      'refs/corral',
      'refs/corral-host',
    );
    const lines = listed
      .trim()
      .split('\n')
      .filter((line) => line.includes(id));
    return Object.fromEntries(
      lines.map((line): [string, string] => [line.split('/')[1] ?? '', line.split(' ')[1] ?? '']),
    );
  }

  async function far(): Promise<string[]> {
    return (await processesOf(fixture.home)).map(({ command }) => command).filter((line) => line.includes('runner.js'));
  }

  it('while its host is away, which ends its run there when it is back', async () => {
    const { id, currentRunId = '' } = await workingSession();
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await window.continueHere(id);
    const session = await window.getSession(id);
    assert.deepEqual([session.host, session.state], [undefined, 'interrupted']);
    assert.deepEqual([session.formerHost?.name, session.formerHost?.mayGoOn], ['far', true]);
    assert.equal(await readFile(join(session.worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    assert.equal(await fixture.here.repository.git('status', '--porcelain'), '');
    await window.handOver(id, { agent: 'demo', prompt: 'edit more.txt again' });
    const done = await until(window, id, (now) => isOver(now) && now.runs.length === 3, 'its end here');
    assert.deepEqual([done.state, done.unreachable], ['completed', undefined]);
    assert.equal((await far()).length, 1, 'nobody could tell the run there');
    await fixture.comeBack();
    await fixture.assertSame(id, currentRunId);
    await waitFor(async () => (await far()).length === 0, { what: 'the end of its run there' });
    const last = await until(window, id, ({ runs }) => runs[1]?.state !== 'interrupted', 'the record of that end');
    assert.deepEqual(
      last.runs.map(({ state }) => state),
      ['completed', 'stopped', 'completed'],
    );
    assert.equal(last.state, 'completed');
    assert.deepEqual(last.formerHost, { name: 'far', leftAt: session.formerHost?.leftAt });
    const { changes } = await (await window.worktree(id)).changes();
    assert.deepEqual(changes.map(({ path }) => path).sort(), ['more.txt', 'notes.txt']);
    const { corral, 'corral-host': kept } = await refs(id);
    assert.ok(kept !== undefined && corral !== undefined && kept !== corral);
    assert.equal(await fixture.here.repository.git('show', `${kept}:late.txt`), 'late');
  });

  it('although its host lost its run, and says so once it is back', async () => {
    const { id } = await workingSession();
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    await endProcessesOf(fixture.home); // no runner there records an end
    await window.continueHere(id);
    assert.equal((await window.getSession(id)).formerHost?.mayGoOn, true);
    await fixture.comeBack();
    await until(window, id, ({ formerHost }) => formerHost?.mayGoOn === undefined, 'the word of the host');
    assert.equal((await window.getSession(id)).state, 'interrupted');
  });

  it('but not without a worktree there', async () => {
    const base = await fixture.session(window, { prompt: 'slow 3000 20ms' });
    const { id } = await fixture.session(window, {
      prompt: 'talk',
      dependsOn: [base.id],
      base: `refs/corral/${base.id}`,
    });
    await assert.rejects(window.continueHere(id), { code: 'CONFLICT', message: /no worktree on “far”/ });
    await window.deleteSession(id);
    await window.kill(base.id);
  });

  it('while its host is there, which ends its run first and brings all of its work', async () => {
    const { id } = await workingSession();
    await window.continueHere(id);
    const session = await window.getSession(id);
    assert.deepEqual([session.host, session.state], [undefined, 'stopped']);
    assert.equal(session.formerHost?.mayGoOn, undefined);
    assert.equal(await readFile(join(session.worktreePath, 'late.txt'), 'utf8'), 'late\n');
    assert.deepEqual(await far(), []);
    await assert.rejects(window.continueHere(id), { code: 'CONFLICT' });
    await window.sendMessage(id, 'Go on');
    assert.match(await fixture.eventWith(window, id, 'Go on'), /edit notes\.txt hello/, 'what was said there');
    await window.kill(id);
    await fixture.here.close(window);
    window = fixture.window();
    assert.equal((await window.getSession(id)).worktreePath, session.worktreePath);
    await window.deleteSession(id);
  });
});
