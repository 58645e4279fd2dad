import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, it } from 'mocha';
import type { AgentSetting } from '../../../../../src/supervisor/agents/agentRegistry';
import type { SessionSummary } from '../../../../../src/supervisor/api';
import { parseHostSettings } from '../../../../../src/supervisor/hosts/hostSettings';
import type { Supervisor } from '../../../../../src/supervisor/supervisor';
import { projectRoot } from '../../../../support/project';
import { describeIf } from '../../../../support/skip';
import { until } from '../../supervisorFixture';
import { RemoteFixture } from './remoteFixture';

const isOver = ({ status }: SessionSummary): boolean => status === 'Completed' || status === 'Failed';

describeIf(process.platform !== 'win32', 'there is no sh', 'commands on a session on another host', () => {
  let fixture: RemoteFixture;
  let window: Supervisor;
  const second: AgentSetting = {
    driver: 'claude',
    path: process.execPath,
    args: [join(projectRoot, 'dist/demoAgent.js')],
  };
  before(async () => {
    fixture = await RemoteFixture.create();
    window = fixture.window({ agents: { second } });
  });
  after(async () => await fixture.end());

  it('end its turn and withdraw its question', async () => {
    const { id } = await fixture.session(window, { prompt: 'ask git status' });
    await until(window, id, ({ needsInput }) => needsInput, 'the question');
    await window.interrupt(id);
    const session = await until(window, id, isOver, 'the end');
    assert.equal(session.state, 'interrupted');
    const { events } = await window.listSessionHistory(id, { kinds: ['permission.answer'] });
    assert.deepEqual(
      events.map(({ data }) => 'outcome' in data && data.outcome),
      ['withdrawn'],
    );
  });

  it('say that its host is away, and the session says where no host has its name', async () => {
    const { id } = await fixture.session(window, { prompt: 'ask git status; slow 1000 20ms' });
    const asking = await until(window, id, ({ needsInput }) => needsInput, 'the question');
    const requestId = asking.pendingPermissions[0]?.requestId ?? '';
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    const isAway = { code: 'HOST_UNREACHABLE', message: /^Host “far”/ };
    await assert.rejects(window.sendMessage(id, 'talk'), isAway);
    await assert.rejects(window.answerPermission(id, requestId, { optionId: 'allow_once' }), isAway);
    await assert.rejects(window.interrupt(id), isAway);
    const unnamed = fixture.window({ hosts: parseHostSettings({}) });
    const session = await until(unnamed, id, ({ host }) => host?.reason !== undefined, 'the reason');
    assert.deepEqual([session.state, session.host?.state], ['waiting', 'unreachable']);
    assert.match(session.host?.reason ?? '', /“far”/);
    await fixture.here.close(unnamed);
    await fixture.comeBack();
    await until(window, id, ({ host, unreachable }) => host?.state === 'connected' && !unreachable, 'its return');
    await window.stop(id);
  });

  it('hand it over to another agent there, which is told the story and the changes', async () => {
    const { id } = await fixture.completedSession(window);
    assert.match(await window.handOverPrompt(id), /\n- added: notes.txt\n[^]*asked last:\n\nedit notes.txt hello$/);
    await window.handOver(id, { agent: 'second', prompt: 'edit notes.txt more' });
    const over = await until(window, id, ({ runs }) => runs[1]?.state === 'completed', 'the end of the second agent');
    assert.deepEqual(
      over.runs.map(({ agent }) => agent),
      ['demo', 'second'],
    );
    await window.sendMessage(id, 'talk Again');
    await until(window, id, ({ runs }) => runs[2]?.state === 'completed', 'its next run');
    await assert.rejects(window.handOver(id, { agent: 'claude', prompt: 'talk' }), { message: /far/ });
  });

  it('find what it said and write it out, also while its host is away', async () => {
    const { id } = await fixture.completedSession(window, 'talk a needle in the haystack; edit notes.txt hello');
    await fixture.cut({ isDown: true });
    await until(window, id, ({ host }) => host?.state === 'unreachable', 'the cut');
    const found: string[] = [];
    for await (const { sessionId } of window.searchHistory('NEEDLE in the')) found.push(sessionId);
    assert.ok(found.length > 0 && found.every((each) => each === id));
    const target = join(fixture.here.storageDirectory, 'out.jsonl');
    await window.exportSession(id, 'jsonl', target);
    const lines = (await readFile(target, 'utf8')).trimEnd().split('\n');
    const { events } = await window.listSessionHistory(id, { limit: 1_000 });
    assert.equal(lines.length, events.length + 1);
    const { patch } = await window.patch(id, { signal: new AbortController().signal });
    assert.match(patch, /\+hello/);
    await (await window.worktree(id)).makeBranch('its-work');
    assert.equal(await fixture.here.repository.git('show', 'its-work:notes.txt'), 'hello');
    await fixture.comeBack();
    await until(window, id, ({ host }) => host?.state === 'connected', 'its return');
  });

  it('say that its work could not be fetched and why, also in the next window, and keep it there', async () => {
    const { id } = await fixture.completedSession(window);
    const far = await fixture.farRepository();
    const { repository } = fixture.here;
    const other = await repository.git('-C', far, 'commit-tree', '-m', 'other', `refs/corral/${id}^{tree}`);
    await repository.git('-C', far, 'update-ref', `refs/corral/${id}`, other);
    await window.sendMessage(id, 'edit more.txt again');
    const isKnown = ({ host }: SessionSummary): boolean => host?.workProblem !== undefined;
    const refused = await until(window, id, (now) => isKnown(now) && now.runs[1]?.state === 'completed', 'the refusal');
    assert.match(refused.host?.workProblem ?? '', /far.*does not follow the work that is here/);
    await fixture.assertSame(id, refused.currentRunId ?? '');
    const next = fixture.window({ agents: { second } });
    assert.ok(isKnown(await until(next, id, isKnown, 'the reason in the next window')));
    await fixture.here.close(next);
    await window.deleteSession(id);
    const files = await fixture.filesInTrash(id);
    assert.ok(files.includes('more.txt'), files.join());
    await window.undoDelete(id);
    await repository.git('update-ref', `refs/corral/${id}`, other);
    await window.sendMessage(id, 'edit last.txt again');
    await until(window, id, (now) => !isKnown(now) && now.runs[2]?.state === 'completed', 'the work');
  });

  it('list no process there as one of this computer', async () => {
    const { id } = await fixture.session(window, { prompt: 'slow 1000 20ms' });
    await until(window, id, ({ runs }) => (runs[0]?.eventCount ?? 0) > 10, 'its first events');
    const here = await fixture.here.completedSession(window, 'talk');
    const listed = (await (await window.processes()).list()).map(({ sessionId }) => sessionId);
    assert.deepEqual(
      listed.filter((each) => each !== here.id),
      [],
    );
    await window.stop(id);
  });
});
