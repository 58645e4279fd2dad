#!/usr/bin/env node
/** A program that speaks Claude's protocol and asks one question after the other, and says what it was answered. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';

const session = randomUUID();
const write = (message) =>
  process.stdout.write(
    `${JSON.stringify({ session_id: session, uuid: randomUUID(), parent_tool_use_id: null, ...message })}\n`,
  );
const waiting = new Map();

async function ask(name, input, suggestions = []) {
  const id = `toolu_${randomUUID()}`;
  const requestId = randomUUID();
  write({
    type: 'assistant',
    message: {
      id,
      type: 'message',
      role: 'assistant',
      model: 'asking',
      content: [{ type: 'tool_use', id, name, input }],
    },
  });
  write({
    type: 'control_request',
    request_id: requestId,
    request: { subtype: 'can_use_tool', tool_name: name, input, permission_suggestions: suggestions, tool_use_id: id },
  });
  const answer = await new Promise((resolve) => waiting.set(requestId, resolve));
  const said = answer.behavior === 'allow' ? JSON.stringify(answer.updatedInput.answers ?? 'allowed') : answer.message;
  write({
    type: 'user',
    message: {
      role: 'user',
      content: [
        {
          type: 'tool_result',
          tool_use_id: id,
          content: `It was told: ${said}`,
          is_error: answer.behavior !== 'allow',
        },
      ],
    },
  });
}

const COMMAND = "cat > fix.mjs <<'EOF'\nconsole.log('3m');\nEOF\nnode fix.mjs && \\\n  git push --force";
const ASKS = {
  command: () =>
    ask('Bash', { command: COMMAND, description: 'Push the fix' }, [
      {
        type: 'addRules',
        rules: [{ toolName: 'Bash', ruleContent: 'git push:*' }],
        behavior: 'allow',
        destination: 'session',
      },
    ]),
  short: () => ask('Bash', { command: 'git status' }),
  edit: () =>
    ask('Edit', {
      file_path: `${process.cwd()}/src/main.js`,
      old_string: 'const a = 1;\nlet b = 2;',
      new_string: 'const a = 1;\nconst b = 3;',
    }),
  question: () =>
    ask('AskUserQuestion', {
      questions: [
        {
          question: 'Should negative durations throw or clamp to zero?',
          header: 'Negative',
          multiSelect: false,
          options: [
            { label: 'Throw a RangeError', description: 'Fail loudly' },
            { label: 'Clamp to zero', description: 'Be lenient' },
          ],
        },
      ],
    }),
  questions: () =>
    ask('AskUserQuestion', {
      questions: [
        {
          question: 'Which units?',
          header: 'Units',
          multiSelect: true,
          options: [
            { label: 'Hours', description: 'As 3h' },
            { label: 'Minutes', description: 'As 3m' },
            { label: 'Seconds', description: 'As 3s' },
          ],
        },
        {
          question: 'Which name?',
          header: 'Name',
          multiSelect: false,
          options: [{ label: 'parse', description: 'Short' }],
        },
      ],
    }),
  plan: () => ask('ExitPlanMode', { plan: '## Plan\n\n1. Import `parse` in the test\n2. Update **README**' }),
};

async function turn(text, uuid) {
  write({
    type: 'system',
    subtype: 'init',
    cwd: process.cwd(),
    tools: ['Bash'],
    mcp_servers: [],
    model: 'asking',
    permissionMode: 'default',
    apiKeySource: 'none',
    claude_code_version: '2.1.329',
  });
  write({ type: 'user', message: { role: 'user', content: [{ type: 'text', text }] }, uuid, isReplay: true });
  for (const word of text.split(/\s+/)) await ASKS[word]?.();
  write({
    type: 'result',
    subtype: 'success',
    is_error: false,
    num_turns: 1,
    stop_reason: 'end_turn',
    terminal_reason: 'completed',
    result: 'Done',
  });
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.type === 'user') void turn(message.message.content.map((part) => part.text).join('\n'), message.uuid);
    else if (message.type === 'control_response') waiting.get(message.response.request_id)?.(message.response.response);
    else if (message.type === 'control_request')
      write({
        type: 'control_response',
        response: { subtype: 'success', request_id: message.request_id, response: {} },
      });
  })
  .on('close', () => process.exit(0));
