import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { Driver } from '../../../src/supervisor/agents/driver/driver';
import { parseJsonLine } from '../../../src/supervisor/agents/driver/jsonLine';
import { conversationRequest, RecordingHost } from './agentHarness';
import { assertSurvives, FUZZ_LIMIT_MS, FUZZ_TITLE, realLines } from './damagedLines';

const notificationSchema = v.object({
  id: v.optional(v.undefined()),
  method: v.string(),
  params: v.optional(v.unknown()),
});
const responseSchema = v.object({ id: v.union([v.string(), v.number()]), method: v.optional(v.undefined()) });

export interface RpcSubject {
  driver: Driver;
  /** Matches the names of its recordings. */
  recordings: RegExp;
  program: string;
  /** True for a notification that may cause no event. */
  mayBeQuiet: (method: string, params: unknown) => boolean;
  /** The results of the driver's first requests, after which it reads notifications. */
  results: readonly object[];
}

/** The tests of a driver that speaks JSON-RPC with damaged, huge and unknown lines. */
export function describeRpcFuzz(name: string, subject: RpcSubject): void {
  const { driver, program } = subject;

  describe(`${name}, damaged`, () => {
    it(FUZZ_TITLE, async () => {
      const lines = (await realLines(subject.recordings)).map((line) =>
        line.replaceAll(/"(threadId|turnId)":"[^"]*"/g, (_text, key: string) => `"${key}":"t1"`),
      );
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      conversation.start();
      for (const [index, result] of subject.results.entries())
        conversation.readLine('stdout', JSON.stringify({ jsonrpc: '2.0', id: index + 1, result }));
      await assertSurvives({
        conversation,
        host,
        lines,
        mayBeQuiet: (line) => {
          const json = parseJsonLine(line)?.json;
          return (
            v.is(responseSchema, json) ||
            (v.is(notificationSchema, json) && subject.mayBeQuiet(json.method, json.params))
          );
        },
        meanwhile: (index) => {
          if (index % 500 === 0) conversation.interrupt();
          if (index % 700 === 0) conversation.send(`message ${index}`);
        },
      });
    }).timeout(FUZZ_LIMIT_MS);

    it('reads a line of 12 MB, and bytes that are not UTF-8', () => {
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      const line = JSON.stringify({ jsonrpc: '2.0', method: 'unknown', params: { text: 'ä'.repeat(6_000_000) } });
      conversation.readLine('stdout', line);
      conversation.readLine('stdout', Buffer.from([0x7b, 0xff, 0xfe, 0x00, 0x7d]).toString('utf8'));
      assert.deepEqual(
        host.of('output').map(({ text }) => text.length),
        [line.length, 5],
      );
    });

    it("refuses an unknown request in Corral's own name, and shows it as what it is (D2)", () => {
      const host = new RecordingHost();
      const conversation = driver.createConversation(conversationRequest({ argv: [program] }), host);
      const line = '{"jsonrpc":"2.0","id":"r1","method":"elicitation/create","params":{}}';
      conversation.readLine('stdout', line);
      assert.deepEqual(host.of('output'), [{ stream: 'stdout', text: line }]);
      assert.match(
        host.written[0] ?? '',
        /"id":"r1","error":\{"code":-32601,"message":"Corral .*The user was not asked/,
      );
      const [error] = host.of('error');
      assert.equal(error?.code, 'REQUEST_REFUSED');
      assert.match(error.message, /“elicitation\/create”, which Corral cannot answer. .*you were not asked/);
      assert.deepEqual(host.of('permission.answer'), []);
    });
  });
}
