#!/usr/bin/env node
/** A program that speaks Claude's protocol, lists models and commands, and says with which model it was started. */
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const session = randomUUID();
const model = process.argv.find((word) => word.startsWith('--model='))?.slice('--model='.length) ?? 'default';
const write = (message) =>
  process.stdout.write(
    `${JSON.stringify({ session_id: session, uuid: randomUUID(), parent_tool_use_id: null, ...message })}\n`,
  );
const OFFERS = {
  commands: [
    { name: 'review', description: 'Reviews the changes', argumentHint: '<branch>' },
    { name: 'release notes', description: 'Writes\nthem', argumentHint: '' },
  ],
  models: [
    { value: 'default', displayName: 'Default (recommended)', description: 'Use the default model' },
    { value: 'swift', displayName: 'Swift', description: 'Fast answers' },
  ],
};

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.type === 'user') {
    write({ type: 'system', subtype: 'init', cwd: process.cwd(), model, slash_commands: ['review', 'release notes'] });
    write({ ...message, session_id: session, isReplay: true });
    writeFileSync('model.txt', model);
    write({
      type: 'assistant',
      message: {
        id: randomUUID(),
        type: 'message',
        role: 'assistant',
        content: [{ type: 'text', text: `I am ${model}.` }],
      },
    });
    write({ type: 'result', subtype: 'success', is_error: false, num_turns: 1, result: 'Done.' });
  } else if (message.type === 'control_request' && message.request.subtype === 'initialize') {
    const response = { subtype: 'success', request_id: message.request_id, response: OFFERS };
    write({ type: 'control_response', response });
  }
}
