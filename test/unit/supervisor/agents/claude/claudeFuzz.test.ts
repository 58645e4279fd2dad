import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import { parseClaudeLine } from '../../../../../src/supervisor/agents/claude/claudeMessages';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';
import { assertSurvives, FUZZ_LIMIT_MS, FUZZ_TITLE, realLines } from '../../../../support/agents/damagedLines';

/** Types of messages that may cause no event, because others report the same or it is kept until the end. */
const QUIET = [
  'stream_event',
  'control_response',
  'control_cancel_request',
  'command_lifecycle',
  'rate_limit_event',
  'keep_alive',
  'tool_progress',
  'system',
];

describe('claude, damaged', () => {
  it(FUZZ_TITLE, async () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.createConversation(conversationRequest(), host);
    conversation.start();
    await assertSurvives({
      conversation,
      host,
      lines: await realLines(/^claude-(?!acp-)/),
      mayBeQuiet: (line) => {
        const { message } = parseClaudeLine(line);
        return message !== undefined && (QUIET.includes(message.type) || isEmpty(message));
      },
      meanwhile: (index) => {
        if (index % 500 === 0) conversation.interrupt();
      },
    });
  }).timeout(FUZZ_LIMIT_MS);

  it('reads a line of 12 MB, and bytes that are not UTF-8', () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.createConversation(conversationRequest(), host);
    const text = 'ä'.repeat(6_000_000);
    conversation.readLine(
      'stdout',
      JSON.stringify({ type: 'assistant', message: { id: 'm', content: [{ type: 'text', text }] } }),
    );
    conversation.readLine('stdout', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]).toString('utf8'));
    assert.equal(host.of('message')[0]?.text.length, text.length);
    assert.equal(host.of('output').length, 1);
  });

  it("refuses an unknown control request in Corral's own name, and shows it as what it is (D2)", () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.createConversation(conversationRequest(), host);
    const line = '{"type":"control_request","request_id":"r1","request":{"subtype":"open_shop"}}';
    conversation.readLine('stdout', line);
    assert.deepEqual(host.of('output'), [{ stream: 'stdout', text: line }]);
    assert.match(host.written[0] ?? '', /"subtype":"error","request_id":"r1","error":"Corral .*The user was not asked/);
    assert.match(host.of('error')[0]?.message ?? '', /“open_shop”, which Corral cannot answer. .*you were not asked/);
  });
});

/** True for a message without blocks, or with encrypted reasoning only. */
function isEmpty(message: object): boolean {
  return /"content":\[\]|redacted_thinking/.test(JSON.stringify(message));
}
