import type { DraftEvent } from '../../../src/storage/events';
import type { RecordedEvent } from './recordedSession';

const started: DraftEvent = {
  kind: 'run.started',
  data: { ordinal: 1, agent: 'claude', driver: 'claude', argv: ['claude', '--print'], cwd: '/code/greeter' },
};
const exited: DraftEvent = {
  kind: 'run.exited',
  data: { outcome: 'completed', exitCode: 0, signal: null, reason: '' },
};

const ANSWER = `The greeting now takes a **language**. What changed:

- \`src/greet.js:2\` looks the greeting up, and falls back to *English*
- [the test](test/greet.test.js#L5) covers both
- [x] no new dependency

\`\`\`js
// One greeting a language; the first one is the fallback.
const GREETINGS = { en: 'Hello', de: 'Hallo', fr: 'Bonjour' };

export function greet(name, language = 'en') {
  return \`\${GREETINGS[language] ?? GREETINGS.en}, \${name}!\`;
}
\`\`\`

| language | greeting |
| --- | --- |
| de | Hallo, Ada! |
| fr | Bonjour, Ada! |
`;

const DIFF = `--- a/src/greet.js
+++ b/src/greet.js
@@ -1,3 +1,5 @@
-export function greet(name) {
-  return \`Hello, \${name}!\`;
+const GREETINGS = { en: 'Hello', de: 'Hallo', fr: 'Bonjour' };
+
+export function greet(name, language = 'en') {
+  return \`\${GREETINGS[language] ?? GREETINGS.en}, \${name}!\`;
 }
`;

/** A run of many messages, numbered from 1. */
export function longStory(count: number): RecordedEvent[] {
  const messages = Array.from({ length: count }, (_, index): DraftEvent => ({
    kind: 'message',
    data: { role: 'assistant', text: `Message ${index + 1} of many` },
  }));
  return [started, ...messages, exited].map((event) => ({ event }));
}

/** A short run with an event of nearly every kind. `output` is what its test printed. */
export function greetingStory(output: string): RecordedEvent[] {
  const events: DraftEvent[] = [
    started,
    {
      kind: 'agent.session',
      data: { nativeSessionId: '0f6e2c1a', backendType: 'claude', model: 'demo', permissionMode: 'default' },
    },
    { kind: 'turn.started', data: { turn: 1 } },
    { kind: 'message', data: { role: 'user', text: 'Greet people in their own language.' } },
    { kind: 'reasoning', data: { text: 'The greeting is one line, so a table of greetings is enough.' } },
    {
      kind: 'plan',
      data: {
        entries: [
          { text: 'Read the greeting', status: 'completed' },
          { text: 'Add languages', status: 'in_progress' },
          { text: 'Run the test', status: 'pending' },
        ],
      },
    },
    {
      kind: 'tool.call',
      data: {
        callId: 'read',
        name: 'Read',
        title: 'Read src/greet.js',
        input: { file_path: 'src/greet.js' },
        category: 'read',
        locations: [{ path: 'src/greet.js', line: 2 }],
      },
    },
    {
      kind: 'tool.result',
      data: { callId: 'read', status: 'ok', output: 'export function greet(name) {\n  return `Hello, ${name}!`;\n}' },
    },
    {
      kind: 'tool.call',
      data: {
        callId: 'edit',
        name: 'Edit',
        title: 'Edit src/greet.js',
        input: { file_path: 'src/greet.js' },
        category: 'edit',
        locations: [{ path: 'src/greet.js' }],
      },
    },
    {
      kind: 'file.change',
      data: { path: 'src/greet.js', change: 'modified', addedLines: 4, removedLines: 2, diff: DIFF, callId: 'edit' },
    },
    { kind: 'tool.result', data: { callId: 'edit', status: 'ok', output: 'The file was updated.' } },
    { kind: 'usage', data: { context: { usedTokens: 171_000, limitTokens: 200_000 } } },
    {
      kind: 'message',
      data: { role: 'system', text: 'The conversation was compacted.', compaction: { usedTokens: 171_000 } },
    },
    { kind: 'usage', data: { context: { usedTokens: 62_000, limitTokens: 200_000 } } },
    {
      kind: 'permission.request',
      data: {
        requestId: 'r',
        title: 'npm test',
        toolName: 'Bash',
        input: { command: 'npm test' },
        options: [
          { optionId: 'a', name: 'Allow', kind: 'allow_once' },
          { optionId: 'd', name: 'Deny', kind: 'reject_once' },
        ],
      },
    },
    { kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'a' } },
    {
      kind: 'tool.call',
      data: {
        callId: 'test',
        name: 'Bash',
        title: 'npm test',
        input: { command: 'npm test' },
        category: 'execute',
        locations: [],
      },
    },
    { kind: 'tool.result', data: { callId: 'test', status: 'failed', output } },
    { kind: 'error', data: { message: 'The service is busy.', code: 'overloaded', retrying: true } },
    { kind: 'message', data: { role: 'assistant', text: ANSWER } },
    {
      kind: 'turn.ended',
      data: {
        turn: 1,
        stopReason: 'end_turn',
        failed: false,
        usage: { inputTokens: 12_400, outputTokens: 830, cachedTokens: 9_000, costUsd: 0.041 },
      },
    },
    exited,
  ];
  return events.map((event) => ({ event, afterMs: event.kind === 'permission.answer' ? 90_000 : 1_500 }));
}

/** Text that no page may trust: markup, links, control characters, overlong words and right-to-left text. */
export const HOSTILE = [
  '<script>window.hacked = 1</script><img src=x onerror="window.hacked = 1"><iframe srcdoc="<script>parent.hacked = 1</script>"></iframe>',
  '[click](javascript:window.hacked=1) ![pixel](https://evil.example/pixel.png) <a href="javascript:window.hacked=1">x</a> [data](data:text/html,x) [file](file:///etc/passwd) [command](command:workbench.action.quit)',
  '<style>* { display: none }</style><base href="https://evil.example/"><meta http-equiv="refresh" content="0;url=https://evil.example/">',
  '\u202Egnp.exe\u2066\u0000\u0007\u001B]8;;https://evil.example\u0007link\u001B]8;;\u0007\u001B[2J\u001B[99999999C\u001B[31mred\u001B[0m\u009B31m\u200B\uFEFF',
  'W'.repeat(5_000),
  '\u0627\u0644\u0639\u0631\u0628\u064A\u0629 \u05E2\u05D1\u05E8\u05D9\u05EA {{constructor.constructor("window.hacked=1")()}} ${1}',
].join('\n');

/** A run with hostile text in every field of every kind of event. */
/** Words and code that keep their parsers busy for seconds, and after them some that do not. */
export function slowStory(): RecordedEvent[] {
  const texts = ['```ini\n' + '0x1_'.repeat(4_000) + '\n```', '**a *b'.repeat(2_700), '```js\nconst last = 1;\n```'];
  const messages = texts.map((text): DraftEvent => ({ kind: 'message', data: { role: 'assistant', text } }));
  return [started, ...messages, exited].map((event) => ({ event }));
}

/** A message and a result with the picture, each twice: once as it is, and once as something else. */
export function pictureStory(png: Buffer): RecordedEvent[] {
  const picture = { mediaType: 'image/png', bytes: png.length, data: png.toString('base64') };
  const other = { mediaType: 'image/svg+xml', bytes: 20, data: Buffer.from('<svg onload="x()"/>').toString('base64') };
  const events: DraftEvent[] = [
    started,
    { kind: 'message', data: { role: 'user', text: 'Picture', pictures: [picture, other] } },
    { kind: 'tool.result', data: { callId: 'c', status: 'ok', output: '[image image/png]', pictures: [picture] } },
    exited,
  ];
  return events.map((event) => ({ event }));
}

export function hostileStory(): RecordedEvent[] {
  const text = HOSTILE;
  const events: DraftEvent[] = [
    { kind: 'run.started', data: { ordinal: 1, agent: text, driver: text, argv: [text], cwd: text } },
    {
      kind: 'agent.session',
      data: { nativeSessionId: text, backendType: text, model: text, version: text, permissionMode: text },
    },
    { kind: 'turn.started', data: { turn: 1 } },
    { kind: 'message', data: { role: 'user', text } },
    { kind: 'message', data: { role: 'system', text } },
    { kind: 'message', data: { role: 'assistant', text } },
    {
      kind: 'message',
      data: {
        role: 'assistant',
        text: `\`\`\`html\n${text}\n\`\`\`\n\n| ${text.replaceAll('\n', ' | ')} |\n| - | - | - | - | - | - |\n\n> # ${text}`,
      },
    },
    { kind: 'reasoning', data: { text } },
    {
      kind: 'tool.call',
      data: {
        callId: text,
        name: text,
        title: text,
        input: { [text]: text },
        category: 'other',
        locations: [{ path: text }, { path: '//evil.example/share/x.js', line: 1 }],
      },
    },
    { kind: 'tool.result', data: { callId: text, status: 'ok', output: text } },
    { kind: 'file.change', data: { path: text, change: 'modified', diff: text } },
    { kind: 'plan', data: { entries: [{ text, status: 'pending' }] } },
    {
      kind: 'permission.request',
      data: {
        requestId: text,
        title: text,
        toolName: text,
        input: text,
        options: [{ optionId: text, name: text, kind: 'allow_once' }],
      },
    },
    { kind: 'permission.answer', data: { requestId: text, outcome: 'denied', message: text } },
    { kind: 'snapshot', data: { commit: text, tree: text } },
    { kind: 'output', data: { stream: 'stdout', text } },
    { kind: 'error', data: { message: text, code: text } },
    { kind: 'status', data: { from: 'running', to: 'stopping', reason: text } },
    { kind: 'turn.ended', data: { turn: 1, stopReason: text, failed: true, message: text } },
    { kind: 'run.exited', data: { outcome: 'failed', exitCode: 1, signal: text, reason: text } },
  ];
  return events.map((event) => ({ event }));
}
