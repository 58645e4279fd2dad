import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { RunOutcome } from '../../../../../src/storage/events';
import { codexDriver } from '../../../../../src/supervisor/agents/codex/codexDriver';
import { goldenText } from '../../../../support/goldenText';
import type { PersonsPart } from '../../../../support/agents/recording';
import {
  assertComplete,
  goldenPath,
  readRecording,
  recordingNames,
  replayRpc,
  replayText,
} from '../../../../support/agents/recording';

const inputSchema = v.object({ input: v.array(v.object({ text: v.string() })) });
const answerSchema = v.object({ result: v.object({ decision: v.string() }) });
const PART: PersonsPart = {
  messageIn: (method, params) =>
    /^turn\/(start|steer)$/.test(method) && v.is(inputSchema, params)
      ? params.input.map(({ text }) => text).join('')
      : undefined,
  isInterrupt: (method) => method === 'turn/interrupt',
  answerIn: (message) => (v.is(answerSchema, message) ? message.result.decision : undefined),
  unrecorded: [],
};

const OUTCOMES: Record<string, RunOutcome> = {
  'codex-app-approval': 'completed',
  'codex-app-basic': 'completed',
  'codex-app-kill-SIGINT': 'crashed',
  'codex-app-kill-SIGKILL': 'crashed',
  // It exits with code 0 in the middle of its turn.
  'codex-app-kill-SIGTERM': 'failed',
  'codex-app-resume': 'completed',
};

const names = recordingNames(/^codex-app-/);

describe('codex, recorded', () => {
  for (const name of names) {
    it(`makes the agreed events and outcome of ${name}`, async () => {
      const result = replayRpc(codexDriver, await readRecording(name), PART, {
        argv: ['/usr/bin/codex', 'app-server'],
        ...(name.includes('resume') ? { resumes: 'earlier' } : {}),
      });
      assert.equal(result.outcome, OUTCOMES[name], result.reason);
      assertComplete(result);
      await goldenText(goldenPath(name), replayText(result));
    });
  }
});
