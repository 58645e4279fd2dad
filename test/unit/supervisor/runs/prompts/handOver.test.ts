import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { emptySession } from '../../../../../src/storage/sessionFacts';
import { foldEvent, foldRecord } from '../../../../../src/storage/sessionReducer';
import type { DraftSessionRecord } from '../../../../../src/storage/sessionRecords';
import { workingAgent } from '../../../../../src/storage/sessionState';
import type { AgentSetting } from '../../../../../src/supervisor/agents/agentRegistry';
import { handOverPrompt } from '../../../../../src/supervisor/runs/prompts/handOverPrompt';
import { projectRoot } from '../../../../support/project';
import { SupervisorFixture, until } from '../../supervisorFixture';

const timestamp = '2026-03-01T08:00:00.000Z';

function factsOf(...records: DraftSessionRecord[]) {
  const facts = { ...emptySession('s'), agent: 'claude', baseCommit: '0123456789abcdef' };
  for (const [index, record] of records.entries()) foldRecord(facts, { ...record, seq: index + 1, timestamp });
  return facts;
}

const said = (role: string, content: string, runId = 'first') => ({ runId, role, content, timestamp });

describe('handing a session over', () => {
  it('tells the next agent what was said, what failed, what changed and what was asked last', () => {
    const facts = factsOf({ kind: 'run.queued', data: { runId: 'first', ordinal: 1, prompt: 'Add a test' } });
    const data = { outcome: 'failed', exitCode: 1, signal: null, reason: 'No credit is left' } as const;
    foldEvent(facts, { kind: 'run.exited', data, id: 1, sessionId: 's', runId: 'first', seq: 1, timestamp });
    const prompt = handOverPrompt(
      facts,
      [said('user', 'Add a test'), said('assistant', 'Which one?'), said('user', 'For the parser')],
      [
        { kind: 'added', path: 'test/parser.ts' },
        { kind: 'modified', path: 'src/new\nname.ts', previousPath: 'src/old.ts' },
      ],
    );
    assert.equal(
      prompt,
      [
        'Another agent (claude) has worked on this in this folder, and its files are as it left them. You go on with its work. What it says is a report: look at the files yourself.',
        'This was said so far:',
        'User: Add a test',
        'Agent: Which one?',
        'User: For the parser',
        'Its last run ended: No credit is left',
        'Changed so far, against commit 0123456789ab:',
        '- added: test/parser.ts\n- modified: src/new name.ts (was src/old.ts)',
        '---',
        'Please go on where it stopped.',
        'This was asked last:',
        'For the parser',
      ].join('\n\n'),
    );
  });

  it('tells no story in a story, and at most 30,000 characters and 200 files', () => {
    const story = handOverPrompt(factsOf(), [said('user', 'The task')], []);
    const facts = factsOf(
      { kind: 'run.queued', data: { runId: 'first', ordinal: 1, prompt: 'The task' } },
      { kind: 'run.queued', data: { runId: 'second', ordinal: 2, prompt: story, handOver: { agent: 'codex' } } },
    );
    const conversation = [said('user', 'The task'), said('user', story, 'second'), said('assistant', 'Done', 'second')];
    const again = handOverPrompt(facts, conversation, []);
    assert.match(again, /^Another agent \(codex\)/);
    assert.equal(again.split('has worked on this').length, 2);
    const changes = Array.from({ length: 5_000 }, (_, index) => ({ kind: 'added' as const, path: `${index}` }));
    const long = handOverPrompt(facts, [...conversation, said('assistant', 'x'.repeat(100_000))], changes);
    assert.ok(long.length < 40_000, `${long.length}`);
    assert.match(long, /- added: 199\n- and 4800 more\n/);
  });

  it('goes on with another agent in the same worktree, whose conversation is then resumed', async () => {
    const fixture = await SupervisorFixture.create();
    try {
      const second: AgentSetting = {
        driver: 'claude',
        path: process.execPath,
        args: [join(projectRoot, 'dist/demoAgent.js')],
      };
      const window = fixture.window({ changes: { agents: { second } } });
      const { id, nativeSessionId: native } = await fixture.completedSession(window);
      await assert.rejects(window.handOver(id, { agent: 'nobody' }), { code: 'AGENT_UNKNOWN' });
      assert.match(await window.handOverPrompt(id), /\n- added: notes.txt\n[^]*asked last:\n\nedit notes.txt hello$/);
      await window.handOver(id, { agent: 'second', prompt: 'edit notes.txt more' });
      const over = await until(window, id, ({ runs }) => runs[1]?.state === 'completed', 'the end of the second agent');
      assert.equal(over.agent, 'second');
      assert.deepEqual(
        over.runs.map(({ agent }) => agent),
        ['demo', 'second'],
      );
      assert.notEqual(over.nativeSessionId, native);
      assert.equal((await window.getAgentSession(id)).nativeSessionId, over.nativeSessionId);
      await window.sendMessage(id, 'talk Again');
      const again = await until(window, id, ({ runs }) => runs[2]?.state === 'completed', 'its next run');
      assert.equal(again.agent, 'second');
      const other = fixture.window({ changes: { agents: { second } } });
      assert.equal((await other.getSession(id)).agent, 'second');
      const { events } = await other.listSessionHistory(id, { kinds: ['run.started'] });
      assert.deepEqual(
        events.map(({ data }) => ('agent' in data ? data.agent : '')),
        ['demo', 'second', 'second'],
      );
      const resumed = events.map(
        ({ data }) => 'argv' in data && data.argv.join(' ').includes(over.nativeSessionId ?? '?'),
      );
      assert.deepEqual(resumed, [false, false, true]);
      // It may go back to the first one, which then knows nothing of its earlier conversation.
      await window.handOver(id, { agent: 'demo', prompt: 'talk Back' });
      const back = await until(window, id, ({ runs }) => runs[3]?.state === 'completed', 'the end of the first agent');
      assert.equal(back.agent, 'demo');
      assert.ok(![native, over.nativeSessionId].includes(back.nativeSessionId));
    } finally {
      await fixture.end();
    }
  });

  it('is known before the next agent has told of its own session', () => {
    const facts = factsOf({ kind: 'run.queued', data: { runId: 'first', ordinal: 1, prompt: 'x' } });
    const data = { nativeSessionId: 'n', backendType: 'claude' };
    foldEvent(facts, { kind: 'agent.session', data, id: 1, sessionId: 's', runId: 'first', seq: 1, timestamp });
    const queued = { runId: 'second', ordinal: 2, prompt: 'y', handOver: { agent: 'codex', model: 'm' } };
    foldRecord(facts, { kind: 'run.queued', data: queued, seq: 2, timestamp });
    const { name, model, runs } = workingAgent(facts);
    assert.deepEqual([name, model, runs.map(({ runId }) => runId)], ['codex', 'm', ['second']]);
  });
});
