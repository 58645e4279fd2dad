import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const RESULT = { type: 'result', subtype: 'success', is_error: false, stop_reason: 'end_turn' };

function begin(): { host: RecordingHost; read: (message: object) => void } {
  const host = new RecordingHost();
  const conversation = claudeDriver.createConversation(conversationRequest({ prompt: 'first' }), host);
  conversation.start();
  return { host, read: (message) => conversation.readLine('stdout', JSON.stringify(message)) };
}

describe('what Claude uses', () => {
  it('tells how full its context window is, as far as it is known, and where it was compacted', () => {
    const { host, read } = begin();
    const request = (input: number, more: object = {}): void =>
      read({
        type: 'assistant',
        message: {
          content: [],
          model: 'large',
          usage: { input_tokens: input, cache_read_input_tokens: 20, output_tokens: 1 },
        },
        ...more,
      });
    request(1_000);
    request(400, { parent_tool_use_id: 'a sub-agent' });
    read({
      type: 'assistant',
      message: { content: [], model: '<synthetic>', usage: { input_tokens: 0, output_tokens: 0 } },
    });
    read({ ...RESULT, modelUsage: { small: { contextWindow: 100 }, large: { contextWindow: 5_000 } } });
    read({ type: 'system', subtype: 'compact_boundary', compact_metadata: { trigger: 'auto', pre_tokens: 4_900 } });
    request(300);
    assert.deepEqual(
      host.of('usage').map(({ context }) => context),
      [
        { usedTokens: 1_021 },
        { usedTokens: 1_021, limitTokens: 5_000 },
        { limitTokens: 5_000 },
        { usedTokens: 321, limitTokens: 5_000 },
      ],
    );
    assert.deepEqual(
      host.of('message').map(({ role, compaction }) => ({ role, compaction })),
      [{ role: 'system', compaction: { usedTokens: 4_900 } }],
    );
  });

  it('tells what the open turn has used with each request, once for all lines of it, with those of sub-agents', () => {
    const { host, read } = begin();
    const usage = { input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 1 };
    const request = (id: string, more: object = {}): void =>
      read({ type: 'assistant', message: { id, content: [], usage }, ...more });
    request('a');
    request('a');
    request('b', { parent_tool_use_id: 'a sub-agent' });
    read({ ...RESULT, usage });
    request('c');
    assert.deepEqual(
      host.usesInTurn.map(({ inputTokens }) => inputTokens),
      [101, 101, 202, 101],
    );
  });
});
