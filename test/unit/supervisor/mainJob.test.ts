import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { waitFor } from '../../support/wait';
import { until, SupervisorFixture } from './supervisorFixture';

const STORY = 'talk I begin; edit notes.txt hello; ask git status --short; talk I am done';

describe('the main job without VS Code', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('takes a prompt through a permission request to its end, and keeps every event', async () => {
    const window = fixture.window();
    const states: string[] = [];
    window.onDidChangeSessions(({ sessionIds: [id = ''] }) => {
      void window
        .getSession(id)
        .then(({ status, needsInput }) => states.push(`${status}${needsInput ? ' needs input' : ''}`));
    });
    const made = await window.createSession({ repository: fixture.repository.path, prompt: STORY, agent: 'demo' });
    assert.equal(made.baseCommit, await fixture.repository.git('rev-parse', 'HEAD'));
    assert.equal(await fixture.repository.git('rev-parse', `refs/corral/${made.id}`), made.baseCommit);

    const asking = await until(window, made.id, (session) => session.needsInput, 'a question');
    assert.equal(asking.status, 'Running');
    const [pending] = asking.pendingPermissions;
    assert.ok(pending);
    const allow = pending.options.find(({ kind }) => kind === 'allow_once');
    assert.ok(allow);
    const toAnotherRun = { optionId: allow.optionId, runId: 'zzzzzzzzzzzz' };
    await assert.rejects(window.answerPermission(made.id, pending.requestId, toAnotherRun), {
      code: 'ALREADY_ANSWERED',
    });
    await window.answerPermission(made.id, pending.requestId, {
      optionId: allow.optionId,
      runId: asking.currentRunId ?? '',
    });
    await assert.rejects(window.answerPermission(made.id, pending.requestId, { optionId: allow.optionId }), {
      code: /ALREADY_ANSWERED|NOT_RUNNING|RUNNER_UNREACHABLE/,
    });

    const done = await until(window, made.id, (session) => session.status === 'Completed', 'the end');
    assert.equal(done.needsInput, false);
    assert.equal(await readFile(join(made.worktreePath, 'notes.txt'), 'utf8'), 'hello\n');
    await assert.rejects(access(join(fixture.repository.path, 'notes.txt')), { code: 'ENOENT' });

    const { events } = await window.listSessionHistory(made.id, { limit: 1_000 });
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_event, index) => index + 1),
    );
    assert.equal(events[0]?.kind, 'run.started');
    assert.equal(events.at(-1)?.kind, 'run.exited');
    for (const kind of [
      'agent.session',
      'turn.started',
      'message',
      'tool.call',
      'tool.result',
      'permission.request',
      'permission.answer',
      'turn.ended',
      'usage',
    ]) {
      assert.ok(
        events.some((event) => event.kind === kind),
        `an event of the kind ${kind}`,
      );
    }
    assert.ok(
      (await window.getConversation(made.id)).some(
        ({ role, content }) => role === 'assistant' && content === 'I am done',
      ),
    );
    assert.equal((await window.getAgentSession(made.id)).backendType, 'claude');
    const order = states.filter((state, index) => state !== states[index - 1]);
    assert.ok(order.includes('Running needs input') && order.at(-1) === 'Completed', order.join(' → '));
  });

  it('shows the same session in a second window, and after all windows were closed', async () => {
    const first = fixture.window();
    const second = fixture.window();
    const { id } = await first.createSession({
      repository: fixture.repository.path,
      prompt: 'slow 40 50ms; ask git status',
      agent: 'demo',
    });
    const seen = await until(second, id, (session) => session.status === 'Running', 'the session in the second window');
    const speakers = await Promise.all(
      [first, second].map(async (window) => await window.claimNotification(id, seen.currentRunId ?? '', 'a question')),
    );
    assert.deepEqual(speakers.toSorted(), [false, true], 'one window notifies people of a question');
    await fixture.close(first);
    await fixture.close(second);

    const third = fixture.window();
    const back = await until(
      third,
      id,
      (session) => !session.checking && session.needsInput,
      'the question, after the run was adopted again',
    );
    assert.equal(back.currentRunId, seen.currentRunId);
    const [pending] = back.pendingPermissions;
    assert.ok(pending);
    await third.answerPermission(id, pending.requestId, { optionId: pending.options[0]?.optionId ?? '' });
    await until(third, id, (session) => session.status === 'Completed', 'the end');
    const { events } = await third.listSessionHistory(id, { limit: 1_000 });
    assert.deepEqual(
      events.map(({ seq }) => seq),
      events.map((_event, index) => index + 1),
    );
  });

  it('snapshots the work at the end of a turn while no window is open', async () => {
    const first = fixture.window();
    const { id } = await first.createSession({
      repository: fixture.repository.path,
      prompt: 'slow 10 100ms; edit notes.txt hello',
      agent: 'demo',
    });
    // A slow window may see the end first.
    await until(first, id, (session) => session.status !== 'Starting', 'the start');
    await fixture.close(first);

    const second = fixture.window();
    await until(second, id, (session) => session.status === 'Completed', 'the end');
    const { events } = await second.listSessionHistory(id, { kinds: ['snapshot', 'error'] });
    const [snapshot, ...more] = events;
    assert.ok(snapshot?.kind === 'snapshot' && more.length === 0, JSON.stringify(events));
    assert.equal(await fixture.repository.git('rev-parse', `refs/corral/${id}`), snapshot.data.commit);
    assert.equal(await fixture.repository.git('show', `${snapshot.data.commit}:notes.txt`), 'hello');
  });

  it('stops, deletes and restores a session', async () => {
    const window = fixture.window();
    const { id, worktreePath } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'edit notes.txt hello; slow 1000 50ms',
      agent: 'demo',
    });
    const notes = async (): Promise<string> => await readFile(join(worktreePath, 'notes.txt'), 'utf8');
    await waitFor(async () => (await notes()) === 'hello\n', { what: 'the first change' });
    await window.stop(id);
    const stopped = await window.getSession(id);
    assert.equal(stopped.status, 'Failed');
    assert.equal(stopped.state, 'stopped');
    assert.equal(stopped.failureReason, 'Stopped by you');
    await window.deleteSession(id);
    assert.equal((await window.getSession(id)).deleted, true);
    await assert.rejects(access(worktreePath), { code: 'ENOENT' });
    await window.undoDelete(id);
    assert.equal((await window.getSession(id)).deleted, false);
    assert.equal(await notes(), 'hello\n');
  });

  it('continues a finished session in a new run of the same agent session', async () => {
    const window = fixture.window();
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'talk first',
      agent: 'demo',
    });
    await until(window, id, (session) => session.status === 'Completed', 'the first end');
    const { nativeSessionId } = await window.getAgentSession(id);
    await window.sendMessage(id, 'talk second');
    const done = await until(
      window,
      id,
      (session) => session.runs.length === 2 && session.status === 'Completed',
      'the second end',
    );
    assert.equal(done.runs[1]?.ordinal, 2);
    assert.equal((await window.getAgentSession(id)).nativeSessionId, nativeSessionId);
    const { events } = await window.listSessionHistory(id, { limit: 1_000 });
    const times = events.map(({ timestamp }) => timestamp);
    assert.deepEqual(times, times.toSorted());
  });

  it('runs any command', async () => {
    const window = fixture.window();
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: 'unused',
      agent: 'command',
      argv: [process.execPath, '-e', 'console.log("out"); console.error("err"); process.exit(3)'],
    });
    const ended = await until(window, id, (session) => session.status === 'Failed', 'the end');
    assert.match(ended.failureReason ?? '', /3/);
    const { events } = await window.listSessionHistory(id, { kinds: ['output'] });
    assert.deepEqual(
      events.map((event) => (event.kind === 'output' ? [event.data.stream, event.data.text] : [])).toSorted(),
      [
        ['stderr', 'err'],
        ['stdout', 'out'],
      ],
    );
  });

  it('passes a command its prompt in a file, and reads its lines by the configured patterns', async () => {
    const program =
      'console.log("agent> " + require("fs").readFileSync(process.argv[1], "utf8")); console.log("built")';
    const builder = {
      driver: 'command' as const,
      path: process.execPath,
      args: ['-e', program, '--', '{promptFile}'],
      patterns: [{ match: '^agent> (?<text>.*)', event: 'message' as const }],
    };
    const window = fixture.window({ changes: { agents: { builder } } });
    const { id } = await window.createSession({
      repository: fixture.repository.path,
      prompt: '--help, please',
      agent: 'builder',
    });
    await until(window, id, (session) => session.status === 'Completed', 'the end');
    const { events } = await window.listSessionHistory(id, { kinds: ['message', 'output'] });
    assert.deepEqual(
      events.map(({ kind, data }) => [kind, data]),
      [
        ['message', { role: 'user', text: '--help, please' }],
        ['message', { role: 'assistant', text: '--help, please' }],
        ['output', { stream: 'stdout', text: 'built' }],
      ],
    );
  });

  it('rejects invalid requests with an error code', async () => {
    const window = fixture.window();
    const { path } = fixture.repository;
    const refused = async (
      request: { repository?: string; prompt?: string; agent?: string; base?: string; argv?: string[] },
      code: string,
    ): Promise<void> =>
      await assert.rejects(window.createSession({ repository: path, prompt: 'talk', agent: 'demo', ...request }), {
        code,
      });
    await refused({ prompt: ' \n' }, 'EMPTY_PROMPT');
    await refused({ repository: fixture.storageDirectory }, 'NO_REPOSITORY');
    await refused({ repository: join(path, 'not there') }, 'NO_FOLDER');
    await refused({ agent: 'nobody' }, 'AGENT_UNKNOWN');
    await refused({ agent: 'command', argv: ['no-such-program-anywhere'] }, 'AGENT_NOT_FOUND');
    await refused({ base: '--help' }, 'BASE_NOT_FOUND');
    await assert.rejects(window.getSession('aaaaaaaaaaaa'), { code: 'SESSION_NOT_FOUND' });
    await assert.rejects(window.listSessionHistory('../../../etc'), { code: 'SESSION_NOT_FOUND' });
    assert.deepEqual(await window.listSessions(), []);
    const untrusted = fixture.window({ isTrusted: () => false });
    await assert.rejects(untrusted.createSession({ repository: path, prompt: 'talk', agent: 'demo' }), {
      code: 'UNTRUSTED',
    });
  });
});
