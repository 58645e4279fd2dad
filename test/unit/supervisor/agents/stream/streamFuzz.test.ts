import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseJsonLine } from '../../../../../src/supervisor/agents/driver/jsonLine';
import { streamDriver } from '../../../../../src/supervisor/agents/stream/streamDriver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';
import { assertSurvives, FUZZ_LIMIT_MS, FUZZ_TITLE, realLines } from '../../../../support/agents/damagedLines';

/** Lines that may cause no event, because their content is held until later or known already. */
const QUIET =
  /"type":"(message|text|reasoning|step_start|step_finish|turn\.started|item\.(started|updated)|item\.completed|error|init|thread\.started|result|complete|turn\.(completed|failed))"/;

for (const program of ['codex', 'gemini', 'opencode', 'goose']) {
  describe(`stream of ${program}, damaged`, () => {
    it(FUZZ_TITLE, async () => {
      const host = new RecordingHost();
      const conversation = streamDriver.createConversation(
        conversationRequest({ argv: [`/usr/bin/${program}`] }),
        host,
      );
      conversation.start();
      const lines = await realLines(new RegExp(`^${program}-(?!app-|.*acp-|json)`));
      await assertSurvives({
        conversation,
        host,
        lines,
        mayBeQuiet: (line) => parseJsonLine(line) !== undefined && QUIET.test(line),
      });
    }).timeout(FUZZ_LIMIT_MS);
  });
}

describe('stream', () => {
  it('sends the prompt by stdin alone, and closes it', () => {
    for (const program of ['codex', 'gemini', 'opencode', 'goose']) {
      const prompt = '--help; $(touch x)';
      const launch = streamDriver.launch({
        program: `/usr/bin/${program}`,
        programArguments: [],
        promptFile: '/store/prompt.txt',
        prompt,
        cwd: '/repo',
        permissionMode: 'edits',
        resumes: 'one',
      });
      assert.ok(!launch.argv.includes(prompt), program);
      assert.ok(
        launch.argv.some((word) => word.includes('one')),
        program,
      );
      const host = new RecordingHost();
      streamDriver.createConversation(conversationRequest({ argv: launch.argv, prompt }), host).start();
      assert.deepEqual([host.written, host.isInputClosed], [[prompt], true]);
    }
  });

  it('is refused for a program whose output is unknown', () => {
    assert.throws(
      () =>
        streamDriver.launch({
          program: '/usr/bin/other',
          programArguments: [],
          prompt: 'x',
          promptFile: '/store/prompt.txt',
          cwd: '/repo',
          permissionMode: 'ask',
        }),
      { code: 'SETTINGS_INVALID' },
    );
  });
});
