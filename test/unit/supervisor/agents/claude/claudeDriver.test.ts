import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { PermissionMode } from '../../../../../src/storage/sessionRecords';
import { claudeDriver } from '../../../../../src/supervisor/agents/claude/claudeDriver';
import type { Conversation } from '../../../../../src/supervisor/agents/driver/driver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const sentSchema = v.object({ uuid: v.string() });

function begin(): {
  host: RecordingHost;
  conversation: Conversation;
  read: (message: object) => void;
  uuidOf: (index: number) => string;
} {
  const host = new RecordingHost();
  const conversation = claudeDriver.createConversation(conversationRequest({ prompt: 'first' }), host);
  conversation.start();
  const read = (message: object): void => conversation.readLine('stdout', JSON.stringify(message));
  return {
    host,
    conversation,
    read,
    uuidOf: (index) => v.parse(sentSchema, JSON.parse(host.written[index] ?? '')).uuid,
  };
}

const echo = (uuid: string, text: string): object => ({
  type: 'user',
  message: { content: [{ type: 'text', text }] },
  uuid,
  isReplay: true,
});
const RESULT = {
  type: 'result',
  subtype: 'success',
  is_error: false,
  stop_reason: 'end_turn',
  terminal_reason: 'completed',
};
const EXIT = { exitCode: 0, signal: null, asked: undefined, stderrTail: '' };

describe('claude', () => {
  it('passes no value that could be read as an option', () => {
    const { argv, promptInArguments } = claudeDriver.launch({
      program: '/bin/claude',
      programArguments: ['--verbose'],
      prompt: '--help',
      promptFile: '/store/prompt.txt',
      cwd: '/repo',
      permissionMode: 'edits',
      model: '--x',
      resumes: '--y',
    });
    assert.equal(promptInArguments, false);
    assert.ok(!argv.includes('--help'));
    assert.deepEqual(argv.slice(0, 3), ['/bin/claude', '--verbose', '-p']);
    assert.deepEqual(argv.slice(-4), ['--permission-mode', 'acceptEdits', '--model=--x', '--resume=--y']);
  });

  it('answers a question beside the work in a copy that can only read', () => {
    const launch = (...programArguments: string[]): string[] =>
      claudeDriver.launch({
        ...{ program: '/bin/claude', programArguments, prompt: 'x', promptFile: '/store/prompt.txt', cwd: '/repo' },
        ...{ permissionMode: 'all', resumes: 'session-1', aside: { policyFile: '/store/policy.toml' } },
      }).argv;
    const argv = launch();
    for (const word of ['--tools=Read,Grep,Glob', '--strict-mcp-config', '--no-session-persistence', '--fork-session'])
      assert.ok(argv.includes(word), word);
    assert.ok(argv.includes('--settings={"disableAllHooks":true}') && argv.includes('--resume=session-1'));
    assert.equal(argv[argv.indexOf('--permission-mode') + 1], 'plan');
    assert.ok(!argv.includes('--permission-prompt-tool'), 'nobody is asked');
    assert.ok(!launch('--settings=mine').includes('--settings={"disableAllHooks":true}'));
  });

  it('has Claude ask about files that programs run or trust, unless a person has settings of their own (B5)', () => {
    const settingsIn = (permissionMode: PermissionMode, ...programArguments: string[]): string[] =>
      claudeDriver
        .launch({
          program: '/bin/claude',
          programArguments,
          prompt: 'x',
          promptFile: '/store/prompt.txt',
          cwd: '/repo',
          permissionMode,
        })
        .argv.filter((word) => word.startsWith('--settings'));
    const [settings = ''] = settingsIn('edits');
    const rules: unknown = JSON.parse(settings.slice('--settings='.length));
    for (const rule of ['Edit(**/.vscode/**)', 'Edit(**/.git/**)', 'Edit(**/.npmrc)', 'Edit(**/*.code-workspace)'])
      assert.ok(JSON.stringify(rules).includes(`"${rule}"`), rule);
    assert.deepEqual(settingsIn('edits', '--settings', 'mine.json'), ['--settings']);
    assert.deepEqual(settingsIn('edits', '--settings=mine.json'), ['--settings=mine.json']);
    for (const mode of ['ask', 'all'] as const) assert.deepEqual(settingsIn(mode), []);
  });

  it('emits messages that waited together once each, although their echo is one', () => {
    const { host, conversation, read, uuidOf } = begin();
    read(echo(uuidOf(0), 'first'));
    conversation.send('second');
    conversation.send('third');
    assert.equal(conversation.hasQueued(), true);
    read(RESULT);
    read(echo(uuidOf(1), 'second'));
    read(echo(uuidOf(2), 'second\nthird'));
    assert.equal(conversation.hasQueued(), false);
    assert.deepEqual(
      host.of('message').map((message) => message.text),
      ['first', 'second', 'third'],
    );
    assert.equal(host.of('turn.started').length, 2);
  });

  it('recognizes messages by their text where their ids are not echoed', () => {
    const { host, conversation, read } = begin();
    conversation.send('second');
    read(echo('foreign', 'first\nsecond'));
    assert.equal(conversation.hasQueued(), false);
    assert.deepEqual(
      host.of('message').map((message) => message.text),
      ['first\nsecond'],
    );
  });

  it('emits a message that was not delivered, with an error', () => {
    const { host, conversation } = begin();
    const { outcome, reason } = conversation.end({
      ...EXIT,
      exitCode: 1,
      stderrTail: 'warning: x\nInvalid \u001b[31mkey\n',
    });
    assert.equal(outcome, 'failed');
    assert.equal(reason, 'The agent ended before its first turn: it exited with code 1: Invalid [31mkey');
    assert.deepEqual(host.of('message'), [{ role: 'user', text: 'first' }]);
    assert.equal(host.of('error')[0]?.code, 'not_delivered');
  });

  it('fails a run whose last turn never ended, whatever its exit code', () => {
    const { conversation, read, uuidOf } = begin();
    read(echo(uuidOf(0), 'first'));
    read(RESULT);
    conversation.send('second');
    read(echo(uuidOf(1), 'second'));
    assert.equal(conversation.end(EXIT).outcome, 'failed');
  });

  it('fails with the reason where it cannot be started', () => {
    const { conversation } = begin();
    const ending = conversation.end({ ...EXIT, exitCode: null, spawnError: 'spawn claude ENOENT' });
    assert.deepEqual(ending, { outcome: 'failed', reason: 'Could not be started: spawn claude ENOENT' });
  });

  it('always allows for the session only, so that no settings file is written', () => {
    const { host, conversation, read } = begin();
    const suggestion = {
      type: 'addRules',
      rules: [{ toolName: 'Bash', ruleContent: 'ls' }],
      behavior: 'allow',
      destination: 'localSettings',
    };
    read({
      type: 'control_request',
      request_id: 'r',
      request: {
        subtype: 'can_use_tool',
        tool_name: 'Bash',
        input: { command: 'ls' },
        permission_suggestions: [suggestion],
        tool_use_id: 't',
      },
    });
    const options = host.of('permission.request')[0]?.options ?? [];
    assert.deepEqual(
      options.map((option) => option.kind),
      ['allow_once', 'allow_always', 'reject_once'],
    );
    assert.equal(options[1]?.name, 'Always allow in this session: ls');
    conversation.answerPermission('r', 'allow_always', undefined);
    assert.match(host.written.at(-1) ?? '', /"behavior":"allow".*"updatedPermissions":\[.*"destination":"session"/);
    const count = host.written.length;
    conversation.answerPermission('r', 'allow_once', undefined);
    assert.equal(host.written.length, count, 'an answered request is not answered again');
  });

  it('offers the answers of a question, and forwards the message of a denial', () => {
    const { host, conversation, read } = begin();
    const questions = [{ question: 'Which?', options: [{ label: 'This' }, { label: 'That' }], multiSelect: false }];
    const ask = (id: string): void =>
      read({
        type: 'control_request',
        request_id: id,
        request: { subtype: 'can_use_tool', tool_name: 'AskUserQuestion', input: { questions }, tool_use_id: id },
      });
    ask('q1');
    assert.equal(host.of('permission.request')[0]?.title, 'Which?');
    conversation.answerPermission('q1', 'answer_1', undefined);
    assert.match(host.written.at(-1) ?? '', /"answers":\{"Which\?":"That"\}/);
    ask('q2');
    conversation.answerPermission('q2', 'reject_once', { message: 'Neither of them' });
    assert.match(host.written.at(-1) ?? '', /"behavior":"deny","message":"Neither of them"/);
  });

  it('answers several questions at once, with several options or other words (1)', () => {
    const { host, conversation, read } = begin();
    const questions = [
      { question: 'Which?', options: [{ label: 'This' }, { label: 'That' }], multiSelect: true },
      { question: 'Why?', options: [{ label: 'No reason' }] },
    ];
    const request = { subtype: 'can_use_tool', tool_name: 'AskUserQuestion', input: { questions }, tool_use_id: 't' };
    read({ type: 'control_request', request_id: 'q', request });
    const [asked] = host.of('permission.request');
    assert.deepEqual([asked?.answerOption, asked?.options.map(({ name }) => name)], ['answer', ['Do not answer']]);
    conversation.answerPermission('q', 'answer', { answers: [['This', 'That'], ['Because']] });
    assert.match(
      host.written.at(-1) ?? '',
      /"behavior":"allow",.*"answers":\{"Which\?":"This, That","Why\?":"Because"\}/,
    );
  });

  it('withdraws its questions when it cancels them or ends', () => {
    const { host, conversation, read } = begin();
    const ask = (id: string): void =>
      read({
        type: 'control_request',
        request_id: id,
        request: { subtype: 'can_use_tool', tool_name: 'Bash', input: { command: 'ls' } },
      });
    ask('a');
    ask('b');
    read({ type: 'control_cancel_request', request_id: 'a' });
    read({ type: 'control_cancel_request', request_id: 'never asked' });
    conversation.end({ ...EXIT, asked: 'stop' });
    assert.deepEqual(host.of('permission.answer'), [
      { requestId: 'a', outcome: 'withdrawn' },
      { requestId: 'b', outcome: 'withdrawn' },
    ]);
  });

  it('describes tool calls for people', () => {
    const { host, read } = begin();
    const use = (name: string, input: unknown): void =>
      read({ type: 'assistant', message: { content: [{ type: 'tool_use', id: name, name, input }] } });
    use('Grep', { pattern: 'x\ny', path: '/repo/src' });
    use('Read', { file_path: '/etc/hosts', offset: 7 });
    use('mcp__linear__create_issue', {});
    use('Task', { description: 'Look into it', prompt: '…' });
    use('TodoWrite', { todos: [{ content: 'One', status: 'pending', activeForm: 'Doing one' }] });
    use('Bash', 'not an object');
    assert.deepEqual(
      host.of('tool.call').map(({ title, category }) => `${category}: ${title}`),
      [
        'search: Search for “x y” in src',
        'read: Read /etc/hosts',
        'other: linear: create_issue',
        'think: Look into it',
        'think: Update the plan',
        'execute: Bash',
      ],
    );
    assert.deepEqual(host.of('tool.call')[1]?.locations, [{ path: '/etc/hosts', line: 7 }]);
    assert.deepEqual(host.of('plan'), [{ entries: [{ text: 'One', status: 'pending' }] }]);
  });

  it('makes a diff of a new file, and links what a sub-agent does to its call', () => {
    const { host, read } = begin();
    read({
      type: 'user',
      message: {
        content: [
          {
            type: 'tool_result',
            tool_use_id: 't',
            content: [
              { type: 'text', text: 'made' },
              { type: 'image', source: { media_type: 'image/png', data: 'AAAA' } },
            ],
          },
        ],
      },
      tool_use_result: {
        type: 'create',
        filePath: '/repo/a b.txt',
        content: 'one\ntwo',
        structuredPatch: [],
        originalFile: null,
      },
    });
    assert.equal(host.of('tool.result')[0]?.output, 'made\n[image image/png]');
    assert.deepEqual(host.of('file.change'), [
      {
        path: 'a b.txt',
        change: 'added',
        callId: 't',
        addedLines: 2,
        removedLines: 0,
        diff: '--- /dev/null\n+++ b/a b.txt\n@@ -0,0 +1,2 @@\n+one\n+two\n\\ No newline at end of file\n',
      },
    ]);
    read({
      type: 'assistant',
      message: {
        content: [
          { type: 'text', text: 'found it' },
          { type: 'tool_use', id: 'u', name: 'Read', input: {} },
        ],
      },
      parent_tool_use_id: 't',
    });
    assert.deepEqual(host.of('message'), []);
    assert.deepEqual(host.of('reasoning'), [{ text: 'found it', parentCallId: 't' }]);
    assert.equal(host.of('tool.call')[0]?.parentCallId, 't');
  });

  it('counts the tasks in the background that Claude tells of, in each of its ways (D1)', () => {
    const { conversation, read, host } = begin();
    const tell = (subtype: string, more: object): number | undefined => {
      read({ type: 'system', subtype, ...more });
      return conversation.backgroundTasks;
    };
    assert.equal(tell('background_tasks_changed', { tasks: [{ task_id: 'a' }, { task_id: 'b' }] }), 2);
    assert.equal(tell('background_tasks_changed', { tasks: [] }), 0);
    assert.equal(tell('task_started', { task_id: 'c', is_backgrounded: false }), 0);
    assert.equal(tell('task_started', { task_id: 'd', is_backgrounded: true }), 1);
    assert.equal(tell('task_updated', { task_id: 'c', patch: { is_backgrounded: true } }), 2);
    assert.equal(tell('task_updated', { task_id: 'c', patch: { status: 'completed', end_time: 1 } }), 1);
    assert.equal(tell('task_notification', { task_id: 'd', status: 'stopped', summary: 'It was stopped' }), 0);
    assert.deepEqual(host.of('output'), [], 'all of it is understood');
  });

  it('asks a person the question of an MCP server, and passes on the answer (D2)', () => {
    const host = new RecordingHost();
    const conversation = claudeDriver.createConversation(conversationRequest(), host);
    const request = {
      subtype: 'elicitation',
      mcp_server_name: 'mail',
      message: 'Which box?',
      mode: 'form',
      requested_schema: { type: 'object', properties: { box: { type: 'string', enum: ['in', 'out'] } } },
    };
    conversation.readLine('stdout', JSON.stringify({ type: 'control_request', request_id: 'r1', request }));
    const [asked] = host.of('permission.request');
    assert.equal(asked?.title, 'Which box?');
    assert.deepEqual(
      asked.options.map(({ name }) => name),
      ['in', 'out', 'Do not answer', 'Deny and end the turn'],
    );
    conversation.answerPermission('r1', asked.options[1]?.optionId ?? '', { message: 'as always' });
    assert.match(host.written[0] ?? '', /"request_id":"r1","response":\{"action":"accept","content":\{"box":"out"\}\}/);
    assert.match(host.written[1] ?? '', /"type":"user".*as always/);
  });

  it('tells when a usage limit resets, with the failure that it caused, and nothing where requests go through', () => {
    const limitIn = (info: object, isError: boolean, ...said: object[]): unknown[] => {
      const { host, read } = begin();
      read({ type: 'rate_limit_event', rate_limit_info: info });
      for (const message of said) read(message);
      read({ ...RESULT, is_error: isError, ...(isError ? { terminal_reason: 'api_error', result: 'Limit' } : {}) });
      assert.deepEqual(host.of('output'), []);
      return host.of('error').map(({ limit }) => limit);
    };
    const resetsAt = Math.floor(Date.now() / 1000) + 3600;
    const info = { status: 'rejected', resetsAt, rateLimitType: 'five_hour' };
    const limit = { resetsAt: new Date(resetsAt * 1000).toISOString(), window: 'five_hour' };
    const failure = {
      type: 'assistant',
      message: { content: [{ type: 'text', text: 'You have hit your limit' }] },
      is_api_error_message: true,
      error: 'rate_limit',
    };
    assert.deepEqual(limitIn(info, true, failure), [limit]);
    assert.deepEqual(limitIn(info, true), [limit], 'without a message of its own');
    assert.deepEqual(limitIn(info, false), [], 'paid usage goes on');
    assert.deepEqual(limitIn({ ...info, resetsAt: 9e15 }, true), [{ window: 'five_hour' }]);
    assert.deepEqual(limitIn({ ...info, resetsAt: 'soon' }, true), [{ window: 'five_hour' }]);
    assert.deepEqual(limitIn({ status: 'allowed', overageStatus: 'rejected', resetsAt }, true, failure), [undefined]);
  });
});
