import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { parseAgentSettings } from '../../../../src/supervisor/agents/agentRegistry';
import type { UnreadSource } from '../../../../src/supervisor/imports/nativeSession';
import { projectRoot } from '../../../support/project';
import { SupervisorFixture } from '../supervisorFixture';
import { assistant, at, ClaudeHome, user } from './claudeHome';

/** Programs that split text rather than bytes end a line at each of these. */
const OTHER_LINE_ENDS = '\u2028one\u2029two\u0085three\rfour\u000bfive\u000csix';

describe('lines of transcripts', () => {
  let fixture: SupervisorFixture;
  let home: ClaudeHome;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
    home = await ClaudeHome.create();
  });
  afterEach(async () => {
    await fixture.end();
    await home.remove();
  });

  const codexAgent = (environment: Record<string, string>): object => ({
    driver: 'codex',
    path: process.execPath,
    args: [join(projectRoot, 'test/support/agents/codexServer.mjs')],
    env: environment,
  });

  it('end at a line feed and nowhere else, with Claude and Codex alike (E1)', async () => {
    const { path: repository } = fixture.repository;
    await home.write(repository, newId(), [
      user(1, `Claude ${OTHER_LINE_ENDS}`),
      assistant(2, { type: 'text', text: `Answer ${OTHER_LINE_ENDS}` }, 'end_turn'),
    ]);
    const threads = join(home.path, 'threads.json');
    const text = `Codex ${OTHER_LINE_ENDS}`;
    const items = [
      { type: 'userMessage', content: [{ type: 'text', text }] },
      { type: 'agentMessage', id: 'm', text: `Answer ${OTHER_LINE_ENDS}` },
    ];
    const turns = [{ id: 't', status: 'completed', items, startedAt: 1_770_000_000, completedAt: 1_770_000_009 }];
    const thread = { id: 'codex-thread', preview: text, cwd: repository, updatedAt: 1_770_000_000, turns };
    await writeFile(threads, JSON.stringify([thread]));
    const agents = parseAgentSettings({ mine: home.agent, other: codexAgent({ CORRAL_CODEX_THREADS: threads }) });
    const window = fixture.window({ changes: { agents } });
    const natives = await (await window.nativeSessions()).list(repository);
    assert.deepEqual(natives.map(({ agent }) => agent).sort(), ['mine', 'other']);
    for (const native of natives) {
      const { id } = await (await window.nativeSessions()).import(repository, native);
      const who = native.agent === 'mine' ? 'Claude' : 'Codex';
      assert.deepEqual(
        (await window.getConversation(id)).map(({ role, content }) => [role, content]),
        [
          ['user', `${who} ${OTHER_LINE_ENDS}`],
          ['assistant', `Answer ${OTHER_LINE_ENDS}`],
        ],
      );
    }
  });

  it('reach the demo agent whole (E1)', async () => {
    const window = fixture.window();
    const { id, status, failureReason } = await fixture.completedSession(window, `talk A ${OTHER_LINE_ENDS}`);
    assert.equal(status, 'Completed', failureReason);
    const [prompt] = await window.getConversation(id);
    assert.equal(prompt?.content, `talk A ${OTHER_LINE_ENDS}`);
  });

  it('list what other agents and other files have, where one cannot be read (E1)', async function () {
    const { path: repository } = fixture.repository;
    const id = newId();
    await home.write(repository, id, [user(1, 'A good one'), assistant(2, { type: 'text', text: 'Yes' }, 'end_turn')]);
    await home.write(repository, newId(), ['{"broken', '\u0000', '[]']);
    if (process.platform !== 'win32') {
      const pipe = join((await home.write(repository, newId(), [])).replace(/[^/]+$/, ''), 'pipe.jsonl');
      await promisify(execFile)('mkfifo', [pipe]);
    }
    const missing = { driver: 'codex', path: process.execPath, args: ['-e', 'process.exit(3)'] };
    const agents = parseAgentSettings({ failing: missing, hanging: codexAgent({}), mine: home.agent });
    const window = fixture.window({ changes: { agents } });
    const unread: UnreadSource[] = [];
    const sessions = await (
      await window.nativeSessions()
    ).list(repository, { limitMs: 3_000, onUnread: (source) => unread.push(source) });
    assert.deepEqual(
      sessions.map(({ agent, nativeSessionId, title }) => [agent, nativeSessionId, title]),
      [['mine', id, 'A good one']],
    );
    assert.deepEqual(unread.map(({ agent }) => agent).sort(), ['failing', 'hanging']);
    for (const { reason } of unread) assert.match(reason, /ended before it answered|did not answer in time/);
  });

  it('keep what is beside a record that is no record (E1)', async () => {
    const { path: repository } = fixture.repository;
    const lines = [
      user(1, 'A prompt'),
      `{"type":"user","timestamp":"${at(2)}","message":{"content":${'['.repeat(5_000)}`,
      assistant(3, { type: 'text', text: 'An answer' }, 'end_turn'),
    ];
    await home.write(repository, newId(), lines);
    const window = fixture.window({ changes: { agents: parseAgentSettings({ mine: home.agent }) } });
    const [native] = await (await window.nativeSessions()).list(repository);
    assert.ok(native);
    const { id } = await (await window.nativeSessions()).import(repository, native);
    const { events } = await window.listSessionHistory(id, { kinds: ['output'] });
    assert.deepEqual(
      events.map((event) => event.kind === 'output' && event.data.text),
      [lines[1]],
    );
    assert.equal((await window.getConversation(id)).length, 2);
  });
});
