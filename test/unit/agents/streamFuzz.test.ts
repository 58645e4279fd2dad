import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { CorralError } from '../../../src/storage/errors';
import { parseJsonLine } from '../../../src/supervisor/agents/jsonLine';
import { streamDriver } from '../../../src/supervisor/agents/stream';
import { conversationRequest, RecordingHost } from '../../support/agentHarness';
import { damage, DAMAGED_LINES, randomFrom, realLines, SEED } from '../../support/damage';

/** Lines that may say nothing: what they tell is kept until the end, or known. */
const QUIET =
  /"type":"(message|text|reasoning|step_start|step_finish|turn\.started|item\.(started|updated)|item\.completed|error|init|thread\.started|result|complete|turn\.(completed|failed))"/;

describe('stream, damaged', () => {
  for (const program of ['codex', 'gemini', 'opencode', 'goose']) {
    it(`survives ${DAMAGED_LINES} damaged lines of ${program} and drops none of them in silence (seed ${SEED})`, async () => {
      const random = randomFrom(SEED);
      const lines = await realLines(new RegExp(`^${program}-(?!app-|.*acp-|json)`));
      const pick = (): string => lines[Math.floor(random() * lines.length)] ?? '';
      const host = new RecordingHost();
      const conversation = streamDriver.converse(conversationRequest({ argv: [`/usr/bin/${program}`] }), host);
      conversation.start();
      for (let index = 0; index < DAMAGED_LINES; index++) {
        const line = damage(pick(), pick(), random);
        const before = host.events.length;
        conversation.readLine(random() < 0.02 ? 'stderr' : 'stdout', line);
        if (host.events.length === before && line.trim() !== '') {
          assert.ok(parseJsonLine(line) !== undefined && QUIET.test(line), `line ${index} said nothing: ${line.slice(0, 300)}`);
        }
        for (const event of host.events.slice(before)) JSON.stringify(event);
        host.events.length = Math.min(host.events.length, 1_000);
      }
      assert.notEqual(conversation.end({ exitCode: 1, signal: null, asked: undefined, stderrTail: '' }).outcome, 'completed');
    });
  }
});

describe('stream', () => {
  it('gives the prompt by the input alone, and closes it', () => {
    for (const program of ['codex', 'gemini', 'opencode', 'goose']) {
      const prompt = '--help; $(touch x)';
      const launch = streamDriver.launch({
        program: `/usr/bin/${program}`,
        programArguments: [],
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
      streamDriver.converse(conversationRequest({ argv: launch.argv, prompt }), host).start();
      assert.deepEqual([host.written, host.isInputClosed], [[prompt], true]);
    }
  });

  it('is refused for a program whose output is not known', () => {
    assert.throws(
      () => streamDriver.launch({ program: '/usr/bin/other', programArguments: [], prompt: 'x', cwd: '/repo', permissionMode: 'ask' }),
      (error) => error instanceof CorralError && error.code === 'SETTINGS_INVALID',
    );
  });
});
