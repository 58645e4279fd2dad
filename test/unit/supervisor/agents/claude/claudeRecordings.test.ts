import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RunOutcome } from '../../../../../src/storage/events';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import type { AgentExit } from '../../../../../src/supervisor/agents/driver/driver';
import { goldenText } from '../../../../support/goldenText';
import type { Replay } from '../../../../support/agents/recording';
import { goldenPath, readRecording, recordingNames, replayText } from '../../../../support/agents/recording';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const twoWaySchema = v.object({ dir: v.picklist(['in', 'out', 'note']), msg: v.unknown() });
const sentSchema = v.object({
  type: v.literal('user'),
  message: v.object({ content: v.array(v.object({ text: v.string() })) }),
});
const answerSchema = v.object({
  type: v.literal('control_response'),
  response: v.object({
    request_id: v.string(),
    response: v.object({ behavior: v.string(), updatedPermissions: v.optional(v.unknown()) }),
  }),
});
const exitSchema = v.object({ exit: v.nullable(v.number()), signal: v.nullable(v.string()) });

/** Exits other than 0 of one-shot recordings. Two programs still repeated their request when they were killed. */
const ONE_SHOT_EXIT: Record<string, number | 'SIGKILL'> = {
  'claude-auth': 'SIGKILL',
  'claude-auth-retry1': 1,
  'claude-badrequest': 1,
  'claude-error500': 'SIGKILL',
  'claude-error500-retry1': 1,
  'claude-overloaded-retry1': 1,
  'claude-rate-retry1': 1,
  'claude-resume-unknown': 1,
  'claude-session-id-dup': 1,
};

const OUTCOMES: Record<string, RunOutcome> = {
  'claude-auth': 'crashed',
  'claude-auth-retry1': 'failed',
  'claude-badrequest': 'failed',
  'claude-error500': 'crashed',
  'claude-error500-retry1': 'failed',
  'claude-overloaded-retry1': 'failed',
  'claude-rate-retry1': 'failed',
  'claude-resume-unknown': 'failed',
  'claude-session-id-dup': 'failed',
  'claude-interrupt': 'interrupted',
  'claude-signal-SIGHUP-sleep-shell': 'crashed',
  'claude-signal-SIGHUP-slow': 'crashed',
  'claude-signal-SIGINT-sleep-shell': 'interrupted',
  'claude-signal-SIGINT-slow': 'interrupted',
  'claude-signal-SIGKILL-sleep-shell': 'crashed',
  'claude-signal-SIGKILL-slow': 'crashed',
  'claude-signal-SIGTERM-sleep-shell': 'crashed',
};

/** Plays a recording to the driver, with the messages and answers of a person where it has them. */
function replay(name: string, lines: readonly string[], asked?: AgentExit['asked']): Replay {
  const host = new RecordingHost();
  const conversation = claudeDriver.createConversation(
    conversationRequest({ prompt: '', ...(name.includes('resume') ? { resumes: 'earlier' } : {}) }),
    host,
  );
  const oneShotExit = ONE_SHOT_EXIT[name] ?? 0;
  let exit =
    typeof oneShotExit === 'number'
      ? { exitCode: oneShotExit as number | null, signal: null as string | null }
      : { exitCode: null, signal: oneShotExit };
  for (const line of lines) {
    const json: unknown = JSON.parse(line);
    if (!v.is(twoWaySchema, json)) {
      conversation.readLine('stdout', line);
    } else if (json.dir === 'out') {
      conversation.readLine('stdout', JSON.stringify(json.msg));
    } else if (v.is(exitSchema, json.msg)) {
      exit = { exitCode: json.msg.exit, signal: json.msg.signal };
    } else if (v.is(sentSchema, json.msg)) {
      conversation.send(json.msg.message.content.map((block) => block.text).join(''));
    } else if (v.is(answerSchema, json.msg)) {
      const { request_id: requestId, response } = json.msg.response;
      conversation.answerPermission(
        requestId,
        response.behavior === 'deny'
          ? 'reject_once'
          : response.updatedPermissions === undefined
            ? 'allow_once'
            : 'allow_always',
        undefined,
      );
    }
  }
  const ending = conversation.end({ ...exit, asked, stderrTail: '' });
  return { host, ...ending };
}

describe('claude, recorded', () => {
  it('gives every recording its outcome, and understands all of it', async () => {
    const names = recordingNames(/^claude-(?!acp-)/);
    assert.ok(names.length >= 38);
    for (const name of names) {
      const { host, outcome, reason } = replay(name, await readRecording(name));
      assert.equal(outcome, OUTCOMES[name] ?? 'completed', `${name}: ${reason}`);
      assert.deepEqual(host.of('output'), [], `${name}: all of it is understood`);
      assert.equal(host.of('turn.started').length, host.of('turn.ended').length, `${name}: every turn ends`);
      // The runner records what people answer, as they did four times in this one.
      const answeredByPeople = name === 'claude-control' ? 4 : 0;
      const withdrawn = host.of('permission.answer').length;
      assert.equal(host.of('permission.request').length - withdrawn, answeredByPeople, name);
      const sessionIds = host.of('agent.session').map((session) => session.nativeSessionId);
      assert.equal(new Set(sessionIds).size, sessionIds.length, `${name}: a session is reported once`);
    }
  });

  for (const name of [
    'claude-control',
    'claude-interrupt',
    'claude-write-acceptEdits',
    'claude-write-default',
    'claude-perm-eof',
    'claude-error500-retry1',
    'claude-plain-partial',
    'claude-parallel',
    'claude-fail-tool',
    'claude-resume',
    'claude-resume-unknown',
    'claude-refusal',
    'claude-signal-SIGTERM-sleep-shell',
  ]) {
    it(`makes the agreed events of ${name}`, async () => {
      await goldenText(goldenPath(name), replayText(replay(name, await readRecording(name))));
    });
  }

  it('ends as a person asked, whatever failed', async () => {
    const name = 'claude-signal-SIGTERM-sleep-shell';
    const lines = await readRecording(name);
    assert.equal(replay(name, lines, 'stop').outcome, 'stopped');
    assert.equal(replay(name, lines, 'kill').outcome, 'killed');
  });

  it('reports costs that add up to the total, also from the running total alone', async () => {
    const lines = await readRecording('claude-control');
    const olderLines = lines.map((line) => line.replaceAll('model_usage_since_last_result', 'unknown'));
    for (const each of [lines, olderLines]) {
      const costs = replay('claude-control', each)
        .host.of('usage')
        .filter(({ context }) => context === undefined)
        .map((usage) => usage.costUsd ?? 0);
      assert.equal(costs.length, 6);
      assert.equal(costs.reduce((sum, cost) => sum + cost, 0).toFixed(6), '0.181298');
    }
  });

  it('keeps the streamed text of a message that never arrived whole', () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.createConversation(conversationRequest(), host);
    const event = (body: object): void =>
      conversation.readLine('stdout', JSON.stringify({ type: 'stream_event', event: body, parent_tool_use_id: null }));
    event({ type: 'message_start', message: { id: 'm1' } });
    event({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'half a ' } });
    event({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'sentence' } });
    assert.equal(
      conversation.end({ exitCode: null, signal: 'SIGKILL', asked: undefined, stderrTail: '' }).outcome,
      'crashed',
    );
    assert.deepEqual(host.of('message'), [{ role: 'assistant', text: 'half a sentence' }]);
  });
});
