import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import type { PermissionMode } from '../../../../../src/storage/sessionRecords';
import { codexDriver } from '../../../../../src/supervisor/agents/codex/codexDriver';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const requestSchema = v.object({ id: v.number(), method: v.string(), params: v.record(v.string(), v.unknown()) });

/** What the driver sends to open a thread, after Codex has answered `initialize`. */
function openingRequest(
  permissionMode: PermissionMode,
  resumes?: string,
  aside?: { question: string },
): v.InferOutput<typeof requestSchema> {
  const host = new RecordingHost();
  const conversation = codexDriver.createConversation(
    conversationRequest({ permissionMode, model: 'large', aside, ...(resumes === undefined ? {} : { resumes }) }),
    host,
  );
  conversation.start();
  conversation.readLine('stdout', '{"id":1,"result":{"userAgent":"corral/0.169.0"}}');
  return v.parse(requestSchema, JSON.parse(host.written.at(-1) ?? ''));
}

/** The name of each option, and what Codex gets for it. `params` are those of one request. */
function answersTo(
  method: string,
  params: object,
): { title: string; input: unknown; answers: Record<string, unknown> } {
  const ask = (): { host: RecordingHost; conversation: ReturnType<typeof codexDriver.createConversation> } => {
    const host = new RecordingHost();
    const conversation = codexDriver.createConversation(conversationRequest(), host);
    conversation.readLine('stdout', JSON.stringify({ id: 7, method, params }));
    return { host, conversation };
  };
  const [request] = ask().host.of('permission.request');
  assert.ok(request !== undefined, 'no question');
  const answers = request.options.map(({ optionId, name }): [string, unknown] => {
    const { host, conversation } = ask();
    conversation.answerPermission('7', optionId, undefined);
    assert.equal(host.written.length, 1);
    return [
      name,
      v.parse(v.object({ id: v.literal(7), result: v.unknown() }), JSON.parse(host.written[0] ?? '')).result,
    ];
  });
  return { title: request.title, input: request.input, answers: Object.fromEntries(answers) };
}

const elicitation = { threadId: 't', turnId: 'u', serverName: 'mail', mode: 'form', message: 'Send the mail?' };
const form = (properties: object, required: string[] = Object.keys(properties)): object => ({
  ...elicitation,
  requestedSchema: { type: 'object', properties, required },
});
const REFUSALS = { 'Deny and end the turn': { action: 'cancel' } };

describe('codex', () => {
  it('keeps a command open that goes on after its turn, and counts it until its end (D1)', () => {
    const host = new RecordingHost();
    const conversation = codexDriver.createConversation(conversationRequest(), host);
    conversation.start();
    const read = (message: object): void => conversation.readLine('stdout', JSON.stringify(message));
    read({ id: 1, result: {} });
    read({ id: 2, result: { thread: { id: 't' } } });
    const notify = (method: string, params: object): void => read({ method, params: { threadId: 't', ...params } });
    const command = (id: string, status: string, exitCode: number | null): object => ({
      item: { type: 'commandExecution', id, command: 'sleep 9', cwd: '/repo', status, exitCode, aggregatedOutput: 'x' },
    });
    const turn = (id: string, status: string): object => ({ turn: { id, status, error: null } });
    notify('turn/started', turn('1', 'inProgress'));
    notify('item/started', command('a', 'inProgress', null));
    assert.equal(conversation.backgroundTasks, 0);
    notify('turn/completed', turn('1', 'completed'));
    assert.equal(conversation.backgroundTasks, 1);
    assert.deepEqual(host.of('tool.result'), []);
    notify('turn/started', turn('2', 'inProgress'));
    notify('item/started', command('b', 'inProgress', null));
    notify('turn/completed', turn('2', 'interrupted'));
    assert.equal(conversation.backgroundTasks, 1, 'what was interrupted is no work that goes on');
    notify('item/completed', command('a', 'completed', 0));
    assert.equal(conversation.backgroundTasks, 0);
    const results = host.of('tool.result').map(({ callId, status }) => `${callId} ${status}`);
    assert.deepEqual(results, ['b failed', 'a ok']);
  });

  it('tells when a usage limit resets: of the windows that are used up, the one that ends last', () => {
    const limitIn = (rateLimits: object | undefined, codexErrorInfo: unknown, message = 'No'): unknown[] => {
      const host = new RecordingHost();
      const conversation = codexDriver.createConversation(conversationRequest(), host);
      conversation.start();
      const read = (line: object): void => conversation.readLine('stdout', JSON.stringify(line));
      read({ id: 1, result: {} });
      read({ id: 2, result: { thread: { id: 't' } } });
      if (rateLimits !== undefined) read({ method: 'account/rateLimits/updated', params: { rateLimits } });
      const turn = { id: '1', status: 'failed', error: { message, codexErrorInfo } };
      read({ method: 'turn/completed', params: { threadId: 't', turn } });
      return host.of('error').map(({ limit }) => limit);
    };
    const now = Math.floor(Date.now() / 1000);
    const primary = { usedPercent: 100, windowDurationMins: 300, resetsAt: now + 60 };
    const secondary = { usedPercent: 100, windowDurationMins: 10080, resetsAt: now + 600 };
    const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
    assert.deepEqual(limitIn({ primary, secondary: null }, 'usageLimitExceeded'), [
      { resetsAt: at(now + 60), window: '300_minutes' },
    ]);
    assert.deepEqual(limitIn({ primary, secondary }, 'usageLimitExceeded'), [
      { resetsAt: at(now + 600), window: '10080_minutes' },
    ]);
    assert.deepEqual(limitIn({ primary, secondary: { ...secondary, usedPercent: 40 } }, 'usageLimitExceeded'), [
      { resetsAt: at(now + 60), window: '300_minutes' },
    ]);
    assert.deepEqual(limitIn({ primary: null, secondary: null }, 'usageLimitExceeded'), [{}]);
    assert.deepEqual(limitIn(undefined, 'usageLimitExceeded'), [{}]);
    assert.deepEqual(limitIn({ primary, secondary }, 'serverOverloaded'), [undefined]);
    assert.deepEqual(limitIn({ primary, secondary }, { httpConnectionFailed: {} }), [undefined]);
  });

  it('asks a person whether a tool of an MCP server may run (D2)', () => {
    const { title, input, answers } = answersTo('mcpServer/elicitation/request', {
      ...form({}),
      _meta: { codex_approval_kind: 'mcp_tool_call', persist: ['session', 'always'], tool_params: { to: 'you' } },
    });
    assert.equal(title, 'Send the mail?');
    assert.deepEqual(input, { server: 'mail', parameters: { to: 'you' } });
    assert.deepEqual(answers, {
      Allow: { action: 'accept', content: {} },
      'Always allow in this session': { action: 'accept', content: {}, _meta: { persist: 'session' } },
      Deny: { action: 'decline' },
      ...REFUSALS,
    });
  });

  it('passes on the answer to a simple form of an MCP server, and shows any other as what it is (D2)', () => {
    const ask = (params: object) => answersTo('mcpServer/elicitation/request', params);
    const colours = form({ colour: { type: 'string', enum: ['r', 'b'], enumNames: ['Red', 'Blue'] } });
    assert.deepEqual(ask(colours).answers, {
      Red: { action: 'accept', content: { colour: 'r' } },
      Blue: { action: 'accept', content: { colour: 'b' } },
      'Do not answer': { action: 'decline' },
      ...REFUSALS,
    });
    const titled = form({ colour: { type: 'string', oneOf: [{ const: 'r', title: 'Red' }] } });
    assert.deepEqual(ask(titled).answers['Red'], { action: 'accept', content: { colour: 'r' } });
    assert.deepEqual(ask(form({ sure: { type: 'boolean' } })).answers['No'], {
      action: 'accept',
      content: { sure: false },
    });
    const proposed = form({ name: { type: 'string', default: 'Ann' }, age: { type: 'integer' } }, ['name']);
    assert.deepEqual(ask(proposed).answers['Answer with the proposed values'], {
      action: 'accept',
      content: { name: 'Ann' },
    });
    const open = form({ name: { type: 'string' }, age: { type: 'integer' } });
    assert.deepEqual(ask(open).answers, { 'Do not answer': { action: 'decline' }, ...REFUSALS });
    assert.deepEqual(ask(open).input, { server: 'mail', form: (open as { requestedSchema: object }).requestedSchema });
    const unknownForm = { ...elicitation, requestedSchema: { $ref: '#' } };
    assert.deepEqual(ask(unknownForm).answers, { 'Do not answer': { action: 'decline' }, ...REFUSALS });
    const link = { ...elicitation, mode: 'url', url: 'https://mail.example/login' };
    assert.deepEqual(ask(link).input, { server: 'mail', url: 'https://mail.example/login' });
    assert.deepEqual(ask(link).answers['Allow'], { action: 'accept', content: {} });
  });

  it('asks for more rights, and passes on a question of the model (D2)', () => {
    const permissions = { network: { enabled: true } };
    assert.deepEqual(answersTo('item/permissions/requestApproval', { itemId: 'i', permissions }).answers, {
      'Allow in this turn': { permissions, scope: 'turn' },
      'Always allow in this session': { permissions, scope: 'session' },
      Deny: { permissions: {} },
    });
    const question = { id: 'q', header: 'H', question: 'Which one?', options: [{ label: 'A', description: '' }] };
    assert.deepEqual(answersTo('item/tool/requestUserInput', { itemId: 'i', questions: [question] }).answers, {
      A: { answers: { q: { answers: ['A'] } } },
      'Do not answer': { answers: {} },
    });
    const two = answersTo('item/tool/requestUserInput', { itemId: 'i', questions: [question, question] });
    assert.deepEqual(two.answers, { 'Do not answer': { answers: {} } });
  });

  it('opens a thread with the approvals and the sandbox of each permission mode', () => {
    const settings = { cwd: '/repo', model: 'large' };
    const modes: [PermissionMode, { approvalPolicy: string; sandbox: string }][] = [
      ['ask', { approvalPolicy: 'untrusted', sandbox: 'workspace-write' }],
      ['edits', { approvalPolicy: 'on-request', sandbox: 'workspace-write' }],
      ['all', { approvalPolicy: 'never', sandbox: 'danger-full-access' }],
    ];
    for (const [mode, permissions] of modes) {
      const { method, params } = openingRequest(mode);
      assert.deepEqual([method, params], ['thread/start', { ...settings, ...permissions }]);
    }
  });

  it('answers a question beside the work in a copy in memory that can only read, whatever the mode is', () => {
    for (const resumes of ['thread-1', undefined]) {
      const { method, params } = openingRequest('all', resumes, { question: 'Why?' });
      assert.equal(method, resumes === undefined ? 'thread/start' : 'thread/fork');
      const { sandbox, approvalPolicy, ephemeral, config } = v.parse(v.record(v.string(), v.unknown()), params);
      assert.deepEqual([sandbox, approvalPolicy, ephemeral], ['read-only', 'never', true]);
      assert.deepEqual(config, { mcp_servers: {} });
    }
  });

  it('resumes a thread under the permission mode of this run', () => {
    const { method, params } = openingRequest('all', 'thread-1');
    assert.equal(method, 'thread/resume');
    assert.deepEqual(params, {
      threadId: 'thread-1',
      excludeTurns: true,
      cwd: '/repo',
      model: 'large',
      approvalPolicy: 'never',
      sandbox: 'danger-full-access',
    });
  });
});
