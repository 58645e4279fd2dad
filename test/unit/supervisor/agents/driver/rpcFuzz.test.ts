import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import { sessionUpdateSchema } from '../../../../../src/supervisor/agents/acp/acpMessages';
import { codexDriver } from '../../../../../src/supervisor/agents/codex/codexDriver';
import { isIgnored, parseCodexNotification } from '../../../../../src/supervisor/agents/codex/codexMessages';
import type { Driver } from '../../../../../src/supervisor/agents/driver/driver';
import { parseJsonLine } from '../../../../../src/supervisor/agents/driver/jsonLine';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';
import { assertSurvives, FUZZ_LIMIT_MS, FUZZ_TITLE, realLines } from '../../../../support/agents/damagedLines';

const callSchema = v.object({ id: v.optional(v.undefined()), method: v.string(), params: v.optional(v.unknown()) });
const responseSchema = v.object({ id: v.union([v.string(), v.number()]), method: v.optional(v.undefined()) });

interface Subject {
  driver: Driver;
  recordings: RegExp;
  program: string;
  /** Notifications that may say nothing, since they are told by others or kept until the end. */
  isSilent: (method: string, params: unknown) => boolean;
  /** The answers to its first requests, so that it listens. */
  opening: readonly object[];
}

const SUBJECTS: Record<string, Subject> = {
  acp: {
    driver: acpDriver,
    recordings: /-acp-/,
    program: '/usr/bin/goose',
    isSilent: (method, params) =>
      v.is(sessionUpdateSchema, params) || ['_auth/status_update', 'fs/write_text_file'].includes(method),
    opening: [{ protocolVersion: 1 }, { sessionId: 's1' }],
  },
  codex: {
    driver: codexDriver,
    recordings: /^codex-app-/,
    program: '/usr/bin/codex',
    isSilent: (method, params) => isIgnored(method) || parseCodexNotification({ method, params }) !== undefined,
    opening: [{ userAgent: 'corral/0.169.0' }, { thread: { id: 't1' } }, { turn: { id: 'u1' } }],
  },
};

for (const [name, { driver, recordings, program, isSilent, opening }] of Object.entries(SUBJECTS)) {
  describe(`${name}, damaged`, () => {
    it(FUZZ_TITLE, async () => {
      const lines = (await realLines(recordings)).map((line) =>
        line.replaceAll(/"(threadId|turnId)":"[^"]*"/g, (_text, key: string) => `"${key}":"t1"`),
      );
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      conversation.start();
      for (const [index, result] of opening.entries())
        conversation.readLine('stdout', JSON.stringify({ jsonrpc: '2.0', id: index + 1, result }));
      await assertSurvives({
        conversation,
        host,
        lines,
        mayBeQuiet: (line) => {
          const json = parseJsonLine(line)?.json;
          return v.is(responseSchema, json) || (v.is(callSchema, json) && isSilent(json.method, json.params));
        },
        meanwhile: (index) => {
          if (index % 500 === 0) conversation.interrupt();
          if (index % 700 === 0) conversation.send(`message ${index}`);
        },
      });
    }).timeout(FUZZ_LIMIT_MS);

    it('reads a line of 12 MB, and bytes that are no UTF-8', () => {
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      const line = JSON.stringify({ jsonrpc: '2.0', method: 'unheard/of', params: { text: 'ä'.repeat(6_000_000) } });
      conversation.readLine('stdout', line);
      conversation.readLine('stdout', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]).toString('utf8'));
      assert.deepEqual(
        host.of('output').map(({ text }) => text.length),
        [line.length, 5],
      );
    });

    it('refuses a request that it does not know, since the agent would wait for ever', () => {
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      const line = '{"jsonrpc":"2.0","id":"r1","method":"elicitation/create","params":{}}';
      conversation.readLine('stdout', line);
      assert.deepEqual(host.of('output'), [{ stream: 'stdout', text: line }]);
      assert.match(host.written[0] ?? '', /"id":"r1","error":\{"code":-32601/);
    });
  });
}
