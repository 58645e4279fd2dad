import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { claudeDriver } from '../../../src/supervisor/agents/claude';
import { parseClaudeLine } from '../../../src/supervisor/agents/claudeMessages';
import { conversationRequest, RecordingHost } from '../../support/agentHarness';
import { damage, DAMAGED_LINES, randomFrom, realLines, SEED } from '../../support/damage';

/** Lines that may say nothing: what they tell is told by others, or it is kept until the end. */
const QUIET = ['stream_event', 'control_response', 'control_cancel_request', 'command_lifecycle', 'rate_limit_event', 'keep_alive', 'tool_progress', 'system'];

describe('claude, damaged', () => {
  it(`survives ${DAMAGED_LINES} damaged lines and drops none of them in silence (seed ${SEED})`, async () => {
    const random = randomFrom(SEED);
    const lines = await realLines(/^claude-(?!acp-)/);
    const pick = (): string => lines[Math.floor(random() * lines.length)] ?? '';
    const host = new RecordingHost();
    const conversation = claudeDriver.converse(conversationRequest(), host);
    conversation.start();
    for (let index = 0; index < DAMAGED_LINES; index++) {
      const line = damage(pick(), pick(), random);
      const before = host.events.length;
      conversation.readLine(random() < 0.02 ? 'stderr' : 'stdout', line);
      const { message } = parseClaudeLine(line);
      const mayBeQuiet = line.trim() === '' || (message !== undefined && (QUIET.includes(message.type) || isEmpty(message)));
      if (host.events.length === before) assert.ok(mayBeQuiet, `line ${index} said nothing: ${line.slice(0, 300)}`);
      // What was understood can be written down again.
      for (const event of host.events.slice(before)) JSON.stringify(event);
      host.events.length = Math.min(host.events.length, 1_000);
      if (index % 500 === 0) conversation.interrupt();
    }
    const ending = conversation.end({ exitCode: 1, signal: null, asked: undefined, stderrTail: 'x\u001b[31m\ny\u0000' });
    assert.notEqual(ending.outcome, 'completed');
    assert.equal(conversation.hasQueued(), false);
  });

  it('reads a line of 12 MB, and bytes that are no UTF-8', () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.converse(conversationRequest(), host);
    const text = 'ä'.repeat(6_000_000);
    conversation.readLine('stdout', JSON.stringify({ type: 'assistant', message: { id: 'm', content: [{ type: 'text', text }] } }));
    conversation.readLine('stdout', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]).toString('utf8'));
    assert.equal(host.of('message')[0]?.text.length, text.length);
    assert.equal(host.of('output').length, 1);
  });

  it('answers a control request that it does not know, since the agent would wait for ever', () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.converse(conversationRequest(), host);
    const line = '{"type":"control_request","request_id":"r1","request":{"subtype":"elicitation"}}';
    conversation.readLine('stdout', line);
    assert.deepEqual(host.of('output'), [{ stream: 'stdout', text: line }]);
    assert.match(host.written[0] ?? '', /"subtype":"error","request_id":"r1"/);
  });
});

/** A message without a single block, or with only encrypted reasoning, has nothing to tell. */
function isEmpty(message: object): boolean {
  return /"content":\[\]|redacted_thinking/.test(JSON.stringify(message));
}
