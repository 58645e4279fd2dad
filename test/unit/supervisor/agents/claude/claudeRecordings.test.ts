import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RunOutcome } from '../../../../../src/storage/events';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import type { AgentExit } from '../../../../../src/supervisor/agents/driver/driver';
import { goldenText } from '../../../../support/goldenText';
import { recordingNames } from '../../../../support/agents/recording';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const fixtures = join(process.cwd(), 'test/fixtures/agents');

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

/** What one-shot recordings do not hold: the exit code of the program, 0 where nothing else stands here. Two were still trying again when they were ended. */
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

/** Feeds a recording to the driver, with our side's messages where the recording has them. */
function replay(
  name: string,
  recording: string,
  asked?: AgentExit['asked'],
): { host: RecordingHost; outcome: RunOutcome; reason: string } {
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
  for (const line of recording.split('\n').filter((each) => each !== '')) {
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

function shown(host: RecordingHost): string {
  return host.events.map((event) => `${event.kind} ${JSON.stringify(event.data)}`.slice(0, 2000)).join('\n');
}

describe('claude, recorded', () => {
  it('reads every recording to the end that it had', async () => {
    const names = recordingNames(/^claude-(?!acp-)/);
    assert.ok(names.length >= 38);
    for (const name of names) {
      const recording = await readFile(join(fixtures, 'recordings', `${name}.ndjson`), 'utf8');
      const { host, outcome, reason } = replay(name, recording);
      assert.equal(outcome, OUTCOMES[name] ?? 'completed', `${name}: ${reason}`);
      assert.deepEqual(host.of('output'), [], `${name}: nothing in it is unknown`);
      assert.equal(host.of('turn.started').length, host.of('turn.ended').length, `${name}: every turn ends`);
      assert.equal(
        host.of('permission.request').length - host.of('permission.answer').length,
        name === 'claude-control' ? 4 : 0,
        name,
      );
      assert.ok(
        new Set(host.of('agent.session').map((session) => session.nativeSessionId)).size ===
          host.of('agent.session').length,
        `${name}: a session is told once`,
      );
    }
  });

  for (const name of [
    'control',
    'interrupt',
    'write-acceptEdits',
    'write-default',
    'perm-eof',
    'error500-retry1',
    'plain-partial',
    'parallel',
    'fail-tool',
    'resume',
    'resume-unknown',
    'refusal',
    'signal-SIGTERM-sleep-shell',
  ]) {
    it(`makes the same events of ${name} as ever`, async () => {
      const recording = await readFile(join(fixtures, 'recordings', `claude-${name}.ndjson`), 'utf8');
      const { host, outcome, reason } = replay(`claude-${name}`, recording);
      await goldenText(join(fixtures, 'golden', `claude-${name}.txt`), `${shown(host)}\n=> ${outcome}: ${reason}\n`);
    });
  }

  it('takes the end that a person asked for over every sign of failure', async () => {
    const recording = await readFile(join(fixtures, 'recordings/claude-signal-SIGTERM-sleep-shell.ndjson'), 'utf8');
    assert.equal(replay('claude-signal-SIGTERM-sleep-shell', recording, 'stop').outcome, 'stopped');
    assert.equal(replay('claude-signal-SIGTERM-sleep-shell', recording, 'kill').outcome, 'killed');
  });

  it('adds up to the total cost, also where only the running total is told', async () => {
    const recording = await readFile(join(fixtures, 'recordings/claude-control.ndjson'), 'utf8');
    for (const text of [recording, recording.replaceAll('model_usage_since_last_result', 'not_known')]) {
      const costs = replay('claude-control', text)
        .host.of('usage')
        .map((usage) => usage.costUsd ?? 0);
      assert.equal(costs.length, 6);
      assert.equal(costs.reduce((sum, cost) => sum + cost, 0).toFixed(6), '0.181298');
    }
  });

  it('keeps what was streamed of a message that never came whole', () => {
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
