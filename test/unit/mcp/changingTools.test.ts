import assert from 'node:assert/strict';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import type { Supervisor } from '../../../src/supervisor/supervisor';
import { readNotes, until } from '../supervisor/supervisorFixture';
import type { McpClient } from '../../support/agents/mcpClient';
import { McpFixture } from './mcpFixture';

const startedSchema = v.object({ session: v.object({ id: v.string(), status: v.string(), state: v.string() }) });

describe('an agent that starts sessions over MCP', function () {
  this.timeout(180_000);
  let fixture: McpFixture;
  let repository: string;
  beforeEach(async () => {
    fixture = await McpFixture.create();
    repository = fixture.store.repository.path;
  });
  afterEach(async () => {
    await fixture.end();
  });

  /** As the command of a window does. */
  async function answerConsent(window: Supervisor, isAllowed: boolean): Promise<void> {
    const consents = await window.consents();
    await consents.record(await consents.agentsIn(repository), isAllowed);
    await window.keepSettings(repository);
  }

  async function start(client: McpClient, prompt: string, more: Record<string, unknown> = {}): Promise<string> {
    const { facts } = await client.call('start_session', { repository, prompt, agent: 'demo', ...more });
    return v.parse(startedSchema, facts).session.id;
  }

  it('is refused each change with a word that says how to allow it, until a person does (16)', async () => {
    const window = fixture.store.window();
    const { id } = await fixture.store.completedSession(window, 'talk Hello');
    const client = await fixture.connect();
    const changes = {
      start_session: { repository, prompt: 'talk', agent: 'demo' },
      send_message: { sessionId: id, text: 'talk' },
      stop_session: { sessionId: id },
    };
    for (const [name, input] of Object.entries(changes))
      assert.match(
        await client.refused(name, input),
        /^CONSENT_NEEDED: No person has allowed .*“Corral: Allow Agents to Start Sessions…”/,
        name,
      );
    assert.deepEqual(
      (await (await window.consents()).asked()).map((asked) => [asked.repository, asked.use, asked.client]),
      [[repository, 'agents', 'a test']],
    );
    await answerConsent(window, false);
    for (const [name, input] of Object.entries(changes))
      assert.match(await client.refused(name, input), /^CONSENT_NEEDED: A person has not allowed/, name);
    assert.deepEqual(await (await window.consents()).asked(), []);
    assert.equal((await window.listSessions()).length, 1);
    await answerConsent(window, true);
    await client.call('send_message', { sessionId: id, text: 'edit notes.txt again' });
    await until(window, id, ({ runs, status }) => runs.length === 2 && status === 'Completed', 'the second run');
  });

  it('has its session wait in the queue for a window, which starts it as the person has set (16)', async () => {
    const window = fixture.store.window({
      changes: {
        permissionMode: 'all',
        setupCommand: [process.execPath, '-e', "require('node:fs').writeFileSync('set-up', '')"],
        agents: {
          mine: {
            driver: 'command',
            path: process.execPath,
            args: ['-p', 'process.env.WORD'],
            env: { WORD: 'secret' },
          },
        },
      },
    });
    await answerConsent(window, true);
    await fixture.store.close(window);
    const client = await fixture.connect();
    const id = await start(client, 'edit notes.txt hello', { title: 'From afar' });
    const mine = await start(client, 'x', { agent: 'mine' });
    const waiting = await client.call('wait_for', { sessionIds: [id], seconds: 1 });
    assert.match(JSON.stringify(waiting.facts), /"isOver":false.*"state":"queued"/);
    const kept = await readFile(join(fixture.store.storageDirectory, 'settings/user.json'), 'utf8');
    assert.match(kept, /"WORD":""/);

    const later = fixture.store.window({
      changes: { agents: { mine: { driver: 'command', path: '/nowhere', env: { WORD: 'secret' } } } },
    });
    const session = await until(later, id, ({ status }) => status === 'Completed', 'the end');
    assert.deepEqual(
      [session.title, session.permissionMode, session.startedBy],
      ['From afar', 'all', { client: 'a test' }],
    );
    assert.match(await readNotes(session), /hello/);
    await stat(join(session.worktreePath, 'set-up'));
    await until(later, mine, ({ status }) => status === 'Completed', 'the end of the other');
    const { events } = await later.listSessionHistory(mine, { kinds: ['output', 'message'] });
    assert.match(JSON.stringify(events), /secret/);
  });

  it('messages and stops what runs, and gets no more than eight sessions at a time (16)', async () => {
    const window = fixture.store.window({ changes: { maxConcurrentRuns: 1 } });
    await answerConsent(window, true);
    const client = await fixture.connect();
    const id = await start(client, 'wait');
    await until(window, id, ({ state }) => state === 'running', 'the start');
    await client.call('send_message', { sessionId: id, text: 'talk Later' });
    await Promise.all(Array.from({ length: 7 }, async () => await start(client, 'talk')));
    assert.match(
      await client.refused('start_session', { repository, prompt: 'talk', agent: 'demo' }),
      /^CONFLICT: Agents have 8 sessions/,
    );
    assert.match(
      await client.refused('start_session', { repository, prompt: 'talk', agent: 'command' }),
      /^INVALID_ARGUMENT: The agent “command” is only for people/,
    );
    const { facts } = await client.call('stop_session', { sessionId: id });
    assert.equal(v.parse(startedSchema, facts).session.state, 'stopped');
  });
});
