import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import * as v from 'valibot';
import { StorePaths } from '../../../src/storage/paths';
import type { SessionSummary } from '../../../src/supervisor/api';
import type { Supervisor } from '../../../src/supervisor/supervisor';
import { McpClient } from '../../support/agents/mcpClient';
import { skip } from '../../support/skip';
import { until } from '../supervisor/supervisorFixture';
import { McpFixture } from './mcpFixture';

const bootstrapSchema = v.object({
  mcpServer: v.object({ command: v.string(), args: v.array(v.string()), env: v.record(v.string(), v.string()) }),
});
const startedSchema = v.object({ session: v.object({ id: v.string() }) });

describe('an agent in a session with corral.mcp.inSessions', function () {
  this.timeout(180_000);
  let fixture: McpFixture;
  let window: Supervisor;
  const clients: McpClient[] = [];
  beforeEach(async function () {
    if (process.platform === 'win32') return skip(this, 'Windows has no FIFOs');
    fixture = await McpFixture.create();
    window = fixture.store.window({ changes: { mcpInSessions: true, maxConcurrentRuns: 1 } });
    const consents = await window.consents();
    await consents.record(await consents.agentsIn(fixture.store.repository.path), true);
    await window.keepSettings(fixture.store.repository.path);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await fixture.end();
  });

  async function started(prompt: string, permissionMode: 'ask' | 'edits' = 'edits'): Promise<SessionSummary> {
    const repository = fixture.store.repository.path;
    const { id } = await window.createSession({ repository, prompt, agent: 'demo', permissionMode });
    return await until(window, id, ({ state }) => state === 'running', 'the start');
  }

  /** What the session's agent gets by the server that it is told of. */
  async function agentOf({ id, currentRunId = '' }: SessionSummary): Promise<McpClient> {
    const run = new StorePaths(fixture.store.storageDirectory).session(id).run(currentRunId);
    const { mcpServer } = v.parse(bootstrapSchema, JSON.parse(await readFile(run.bootstrap, 'utf8')));
    const client = await McpClient.start(mcpServer.command, mcpServer.args, mcpServer.env);
    clients.push(client);
    return client;
  }

  async function startChild(agent: McpClient, input: Record<string, unknown> = {}): Promise<string> {
    const { facts } = await agent.call('start_session', { prompt: 'edit notes.txt child', agent: 'demo', ...input });
    return v.parse(startedSchema, facts).session.id;
  }

  it('hands out work and gathers it by the only slot, in its own tree alone (16)', async () => {
    const other = await fixture.store.completedSession(window, 'talk None of your business');
    const parent = await started('wait', 'ask');
    const agent = await agentOf(parent);
    const child = await startChild(agent, { permissionMode: 'edits' });
    const summary = await window.getSession(child);
    assert.deepEqual(
      [summary.startedBy, summary.permissionMode, summary.baseCommit, summary.state],
      [{ sessionId: parent.id }, 'ask', parent.baseCommit, 'queued'],
    );
    const waiting = agent.call('wait_for', { sessionIds: [child], seconds: 120 });
    const asking = await until(
      window,
      child,
      ({ needsInput }) => needsInput,
      'its question, beside the waiting parent',
    );
    const [question] = asking.pendingPermissions;
    assert.match(JSON.stringify((await waiting).facts), /"needsInput":true/);
    const optionId = question?.options.find(({ kind }) => kind === 'allow_once')?.optionId ?? '';
    await window.answerPermission(child, question?.requestId ?? '', { optionId });
    await agent.call('wait_for', { sessionIds: [child], seconds: 120 });
    await until(window, child, ({ status }) => status === 'Completed', 'the end of the child');
    assert.match((await agent.call('review_changes', { sessionId: child })).untrusted, /\+child/);

    const listed = await agent.call('list_sessions');
    assert.deepEqual(
      v
        .parse(v.object({ sessions: v.array(v.object({ id: v.string() })) }), listed.facts)
        .sessions.map(({ id }) => id)
        .sort(),
      [parent.id, child].sort(),
    );
    assert.equal((await agent.call('search_history', { text: 'None of your business' })).untrusted, '');
    for (const [tool, input] of [
      ['read_session', { sessionId: other.id }],
      ['review_changes', { sessionId: other.id }],
      ['wait_for', { sessionIds: [child, other.id] }],
      ['send_message', { sessionId: other.id, text: 'x' }],
      ['stop_session', { sessionId: other.id }],
    ] as const)
      assert.match(await agent.refused(tool, input), /^SESSION_NOT_FOUND: /, tool);

    const consents = await window.consents();
    const asked = await consents.agentsIn(parent.repository);
    await consents.answerForAgents(asked, 'all');
    assert.match((await agent.call('read_session', { sessionId: other.id })).untrusted, /None of your business/);
    assert.notEqual((await agent.call('search_history', { text: 'None of your business' })).untrusted, '');
    await consents.answerForAgents(asked, 'tree');
    assert.match(await agent.refused('read_session', { sessionId: other.id }), /^SESSION_NOT_FOUND: /);
    await consents.answerForAgents(asked, 'none');
    assert.match(await agent.refused('stop_session', { sessionId: child }), /^CONSENT_NEEDED: /);
    await window.kill(parent.id);
  });

  it('starts no more than a tree of eight, two deep, and never the agent “command” (16)', async () => {
    const parent = await started('wait');
    const agent = await agentOf(parent);
    assert.match(
      await agent.refused('start_session', { prompt: 'x', agent: 'command' }),
      /^INVALID_ARGUMENT: The agent “command” is only for people/,
    );
    const child = await startChild(agent, { prompt: 'wait' });
    await window.startNow(child);
    const ofChild = await agentOf(await until(window, child, ({ state }) => state === 'running', 'the start'));
    const grandchild = await startChild(ofChild, { prompt: 'wait' });
    await window.startNow(grandchild);
    const deepest = await agentOf(await until(window, grandchild, ({ state }) => state === 'running', 'the start'));
    assert.match(await deepest.refused('start_session', { prompt: 'x', agent: 'demo' }), /^CONFLICT: /);
    for (let count = 3; count < 8; count++) await startChild(agent);
    assert.match(
      await agent.refused('start_session', { prompt: 'x', agent: 'demo' }),
      /^CONFLICT: There are 8 sessions/,
    );
    for (const id of [grandchild, child, parent.id]) await window.kill(id);
  });
});
