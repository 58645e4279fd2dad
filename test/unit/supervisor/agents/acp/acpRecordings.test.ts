import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RunOutcome } from '../../../../../src/storage/events';
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import { goldenText } from '../../../../support/goldenText';
import type { PersonsPart, Replay } from '../../../../support/agents/recording';
import {
  assertComplete,
  goldenPath,
  readRecording,
  recordingNames,
  replayRpc,
  replayText,
} from '../../../../support/agents/recording';

const promptSchema = v.object({ prompt: v.array(v.object({ text: v.string() })) });
const answerSchema = v.object({
  result: v.object({ outcome: v.object({ outcome: v.literal('selected'), optionId: v.string() }) }),
});
const PART: PersonsPart = {
  messageIn: (method, params) =>
    method === 'session/prompt' && v.is(promptSchema, params)
      ? params.prompt.map(({ text }) => text).join('')
      : undefined,
  isInterrupt: (method) => method === 'session/cancel',
  answerIn: (message) => (v.is(answerSchema, message) ? message.result.outcome.optionId : undefined),
  unrecorded: ['session/set_mode'],
  aliases: { 'session/load': 'session/resume' },
};
const PROGRAMS = ['claude-acp', 'codex-acp', 'gemini', 'opencode', 'goose'];

/** How each run ended. Agents that keep running when their input is closed were killed. */
const OUTCOMES: Record<string, RunOutcome> = {
  'claude-acp-acp-basic': 'completed',
  'claude-acp-acp-errors': 'failed',
  'claude-acp-acp-exit-SIGKILL': 'crashed',
  // It ends its turn as cancelled before it exits.
  'claude-acp-acp-exit-SIGTERM': 'interrupted',
  'claude-acp-acp-exit-eof': 'failed',
  'claude-acp-acp-load': 'completed',
  'codex-acp-acp-basic': 'completed',
  'codex-acp-acp-errors': 'failed',
  'codex-acp-acp-exit-SIGKILL': 'crashed',
  'codex-acp-acp-exit-SIGTERM': 'crashed',
  'codex-acp-acp-exit-eof': 'failed',
  'codex-acp-acp-load': 'completed',
  'codex-acp-acp-perm': 'interrupted',
  'gemini-acp-basic': 'completed',
  'gemini-acp-cancel': 'crashed',
  'gemini-acp-errors': 'interrupted',
  'gemini-acp-exit-SIGKILL': 'crashed',
  // It ignored the signal, and the recording ends while it is alive.
  'gemini-acp-exit-SIGTERM': 'failed',
  'gemini-acp-exit-eof': 'failed',
  // It could not load its session, which this driver does not ask for.
  'gemini-acp-load': 'failed',
  'gemini-acp-persist-a': 'crashed',
  'gemini-acp-persist-b': 'failed',
  'goose-acp-basic': 'crashed',
  'goose-acp-cancel': 'crashed',
  'goose-acp-errors': 'failed',
  'goose-acp-exit-SIGKILL': 'crashed',
  'goose-acp-exit-SIGTERM': 'crashed',
  'goose-acp-exit-eof': 'failed',
  'goose-acp-load': 'crashed',
  'opencode-acp-basic': 'completed',
  // Its input was closed while a command ran.
  'opencode-acp-cancel': 'failed',
  'opencode-acp-errors': 'interrupted',
  'opencode-acp-exit-SIGKILL': 'crashed',
  'opencode-acp-exit-SIGTERM': 'crashed',
  'opencode-acp-exit-eof': 'failed',
  'opencode-acp-load': 'completed',
};

async function replay(name: string): Promise<Replay> {
  const program = PROGRAMS.find((each) => name.startsWith(each)) ?? '';
  const argv = [`/usr/bin/${program === 'claude-acp' ? 'claude-agent-acp' : program}`, 'acp'];
  const resumes = /-(load|persist-b)$/.test(name) ? { resumes: 'earlier' } : {};
  return replayRpc(acpDriver, await readRecording(name), PART, { argv, permissionMode: 'ask', ...resumes });
}

const names = recordingNames(/-acp-/);

describe('acp, recorded', () => {
  for (const name of names) {
    it(`makes the agreed events and outcome of ${name}`, async () => {
      const result = await replay(name);
      assert.equal(result.outcome, OUTCOMES[name], result.reason);
      assertComplete(result);
      await goldenText(goldenPath(name), replayText(result));
    });
  }
});
