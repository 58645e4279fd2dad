import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import type { Supervisor } from '../../../../src/supervisor/supervisor';
import { until, SupervisorFixture } from '../supervisorFixture';
import { assistant, at, ClaudeHome, user } from './claudeHome';

const NATIVE_ID = '0b2f7a52-2f8a-4a55-9d6e-3c1f0c9f6a10';
describe('the import of native sessions', () => {
  let fixture: SupervisorFixture;
  let home: ClaudeHome;
  let window: Supervisor;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    home = await ClaudeHome.create();
    const claude = { path: join(home.path, 'missing') };
    window = fixture.window({ changes: { agents: parseAgentSettings({ mine: home.agent, claude }) } });
  });
  afterEach(async () => {
    await fixture.end();
    await home.remove();
  });

  it('creates a session from what Claude did without Corral, and continues it', async () => {
    const { path: repository } = fixture.repository;
    await fixture.repository.write('hello.txt', 'hello\n');
    const patch = { filePath: join(repository, 'hello.txt'), type: 'create', structuredPatch: [], content: 'hello\n' };
    const source = await home.write(repository, NATIVE_ID, [
      { type: 'file-history-snapshot', messageId: 'm', snapshot: {} },
      user(1, 'Write a greeting\nand be quick'),
      assistant(2, { type: 'text', text: 'I write it.' }, null),
      assistant(
        3,
        {
          type: 'tool_use',
          id: 't1',
          name: 'Write',
          input: { file_path: join(repository, 'hello.txt'), content: 'hello\n' },
        },
        'tool_use',
      ),
      user(4, [{ type: 'tool_result', tool_use_id: 't1', content: 'File created' }], { toolUseResult: patch }),
      assistant(5, { type: 'text', text: 'It is written.' }, 'end_turn'),
      { type: 'of-a-newer-version', timestamp: at(6), some: 'thing' },
      '{"type":"user","mess',
      user(7, 'Thank you'),
      assistant(8, { type: 'text', text: 'Not at all.' }, 'end_turn'),
    ]);
    // One of another folder, and one without a prompt.
    await home.write(`${repository}-2`, '1b2f7a52-2f8a-4a55-9d6e-3c1f0c9f6a10', [user(1, 'Elsewhere')]);
    await home.write(repository, '2b2f7a52-2f8a-4a55-9d6e-3c1f0c9f6a10', [{ type: 'last-prompt' }]);

    const [native, ...others] = await (await window.nativeSessions()).list(repository);
    assert.ok(native);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [native.agent, native.nativeSessionId, native.title, native.source],
      ['mine', NATIVE_ID, 'Write a greeting', source],
    );

    const made = await (await window.nativeSessions()).import(repository, native);
    assert.deepEqual([made.status, made.title, made.nativeSessionId], ['Completed', 'Write a greeting', NATIVE_ID]);
    assert.equal(await readFile(join(made.worktreePath, 'hello.txt'), 'utf8'), 'hello\n');
    const { events } = await window.listSessionHistory(made.id, { limit: 100 });
    assert.deepEqual(
      events.map(({ kind }) => kind),
      [
        ...[
          'run.started',
          'message',
          'agent.session',
          'turn.started',
          'message',
          'message',
          'tool.call',
          'tool.result',
          'file.change',
          'message',
        ],
        ...['output', 'turn.ended', 'turn.started', 'message', 'message', 'turn.ended', 'message', 'run.exited'],
      ],
    );
    assert.deepEqual(
      (await window.getConversation(made.id)).map(({ role, content, timestamp }) => [role, content, timestamp]),
      [
        ['user', 'Write a greeting\nand be quick', at(1)],
        ['assistant', 'I write it.', at(2)],
        ['assistant', 'It is written.', at(5)],
        ['user', 'Thank you', at(7)],
        ['assistant', 'Not at all.', at(8)],
      ],
    );
    assert.deepEqual(
      events.flatMap((event) => (event.kind === 'message' && event.data.role === 'system' ? [event.data.text] : [])),
      [
        `Imported from ${source}`,
        'Not part of the conversation, and not read: 1 × file-history-snapshot, 1 × of-a-newer-version',
      ],
    );
    assert.ok(events.some((event) => event.kind === 'file.change' && event.data.path === 'hello.txt'));
    assert.deepEqual(await (await window.nativeSessions()).list(repository), []);

    await window.sendMessage(made.id, 'talk Here I am again');
    const done = await until(
      window,
      made.id,
      (session) => session.runs.length === 2 && session.status === 'Completed',
      'the second run',
    );
    assert.equal(done.nativeSessionId, NATIVE_ID);
    assert.equal((await window.getConversation(made.id)).at(-1)?.content, 'Here I am again');
    // Another window knows the same.
    const other = fixture.window();
    await other.whenRecovered();
    assert.deepEqual(
      (await other.getSession(made.id)).runs.map(({ state }) => state),
      ['completed', 'completed'],
    );
  });

  it('interrupts the run of a transcript that ends in the middle of a turn', async () => {
    const { path: repository } = fixture.repository;
    await home.write(repository, NATIVE_ID, [
      user(1, 'Write a greeting'),
      assistant(2, { type: 'tool_use', id: 't1', name: 'Bash', input: { command: 'sleep 9' } }, 'tool_use'),
    ]);
    const [native] = await (await window.nativeSessions()).list(repository);
    assert.ok(native);
    const made = await (await window.nativeSessions()).import(repository, native);
    assert.deepEqual([made.state, made.failureReason], ['interrupted', 'Its transcript ends in the middle of a turn']);
  });

  it('is refused where the transcript is gone, and leaves nothing (F7)', async () => {
    const { path: repository } = fixture.repository;
    const source = await home.write(repository, NATIVE_ID, [user(1, 'Write a greeting')]);
    const [native] = await (await window.nativeSessions()).list(repository);
    assert.ok(native);
    await rm(source);
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects((await window.nativeSessions()).import(repository, native), { code: 'INVALID_ARGUMENT' });
    assert.deepEqual(await window.listSessions(), []);
    assert.deepEqual(await readdir(join(fixture.storageDirectory, 'sessions')), []);
    assert.equal(await fixture.repository.git('for-each-ref', 'refs/corral'), '');
    assert.equal((await fixture.repository.git('worktree', 'list')).split('\n').length, 1);
  });
});
