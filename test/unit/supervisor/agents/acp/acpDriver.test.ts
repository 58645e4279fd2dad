import assert from 'node:assert/strict';
import { agent, methods, ndJsonStream } from '@agentclientprotocol/sdk/unstable';
import type {
  AgentContext,
  AgentConnection,
  PermissionOption,
  PromptResponse,
  RequestPermissionRequest,
  SessionUpdate,
} from '@agentclientprotocol/sdk/unstable';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import type { PermissionMode } from '../../../../../src/storage/sessionRecords';
import { PERMISSION_MODES } from '../../../../../src/storage/sessionRecords';
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import type { Conversation, ConversationRequest } from '../../../../../src/supervisor/agents/driver/driver';
import { conversationOf } from '../../../../../src/supervisor/agents/asideConversation';
import { conversationRequest, RecordingHost } from '../../../../support/agents/agentHarness';

const OPTIONS: PermissionOption[] = [
  { optionId: 'yes', name: 'allow_once', kind: 'allow_once' },
  { optionId: 'no', name: 'No', kind: 'reject_once' },
];

interface Turn {
  sessionId: string;
  text: string;
  client: AgentContext;
  tell: (update: SessionUpdate) => Promise<void>;
  /** Resolves with the option that the client chose, or with `cancelled`. */
  ask: (toolCallId: string, path: string) => Promise<string>;
  /** Aborted when the client cancels the turn. */
  cancelled: AbortSignal;
}

/** An agent built with the official SDK, in a conversation with the driver. */
class SdkAgent {
  readonly host = new RecordingHost();
  readonly conversation: Conversation;
  readonly prompts: string[] = [];
  readonly asked: string[] = [];
  /** Of the request to copy a session. */
  meta: unknown;
  #connection: AgentConnection;
  #cancelling = new AbortController();

  constructor(
    onPrompt: (turn: Turn) => Promise<PromptResponse>,
    wishes: Partial<ConversationRequest> = {},
    canResume = true,
    modes: readonly string[] = [],
  ) {
    this.conversation = conversationOf(
      acpDriver,
      conversationRequest({ argv: ['/usr/bin/some-agent'], ...wishes }),
      this.host,
    );
    const availableModes = modes.map((id) => ({ id, name: id }));
    const inMode = modes[0] === undefined ? {} : { modes: { currentModeId: modes[0], availableModes } };
    const app = agent({ name: 'sdk-agent' })
      .onRequest(methods.agent.initialize, () => {
        const agentCapabilities = canResume ? { loadSession: true, sessionCapabilities: { resume: {}, fork: {} } } : {};
        return { protocolVersion: 1, agentCapabilities, agentInfo: { name: 'sdk-agent', version: '1.2.3' } };
      })
      .onRequest(methods.agent.session.new, () => {
        this.asked.push('new');
        const model = {
          id: 'the-model',
          name: 'Model',
          category: 'model' as const,
          type: 'select' as const,
          currentValue: 'small',
        };
        const values = ['small', 'large'].map((value) => ({ value, name: value }));
        return { sessionId: 's1', configOptions: [{ ...model, options: values }], ...inMode };
      })
      .onRequest(methods.agent.session.fork, ({ params }) => {
        this.asked.push(`fork ${params.sessionId}`);
        this.meta = params._meta;
        return { sessionId: 's2', ...inMode };
      })
      .onRequest(methods.agent.session.setMode, ({ params }) => {
        this.asked.push(`${params.sessionId} in ${params.modeId}`);
        return {};
      })
      .onRequest(methods.agent.session.resume, ({ params }) => {
        this.asked.push(`resume ${params.sessionId}`);
        return {};
      })
      .onRequest(methods.agent.session.setConfigOption, ({ params }) => {
        this.asked.push(`${params.configId} = ${String(params.value)}`);
        return { configOptions: [] };
      })
      .onNotification(methods.agent.session.cancel, () => this.#cancelling.abort())
      .onRequest(methods.agent.session.prompt, ({ params, client }) => {
        const { sessionId } = params;
        const text = params.prompt.map((block) => (block.type === 'text' ? block.text : '')).join('');
        this.prompts.push(text);
        this.#cancelling = new AbortController();
        const tell = (update: SessionUpdate): Promise<void> =>
          client.notify(methods.client.session.update, { sessionId, update });
        const ask = async (toolCallId: string, path: string): Promise<string> => {
          const toolCall = { toolCallId, title: 'Write it', kind: 'edit' as const, locations: [{ path }] };
          const request: RequestPermissionRequest = { sessionId, toolCall, options: OPTIONS };
          const { outcome } = await client.request(methods.client.session.requestPermission, request);
          return outcome.outcome === 'selected' ? outcome.optionId : outcome.outcome;
        };
        return onPrompt({ sessionId, text, client, tell, ask, cancelled: this.#cancelling.signal });
      });
    const toAgent = new TransformStream<Uint8Array, Uint8Array>();
    const writer = toAgent.writable.getWriter();
    this.host.write = (line) => void writer.write(Buffer.from(line));
    let rest = '';
    const fromAgent = new WritableStream<Uint8Array>({
      write: (chunk) => {
        const lines = (rest + Buffer.from(chunk).toString()).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) this.conversation.readLine('stdout', line);
      },
    });
    this.#connection = app.connect(ndJsonStream(fromAgent, toAgent.readable));
    this.conversation.start();
  }

  /** Resolves as soon as there are more than `index` events of a kind. */
  async event(kind: DraftEvent['kind'], index = 0): Promise<void> {
    if (this.host.of(kind).length > index) return;
    await new Promise<void>((settle) => {
      this.host.onEvent = () => {
        if (this.host.of(kind).length > index) settle();
      };
    });
  }

  end(): string {
    this.#connection.close();
    return this.conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }).outcome;
  }
}

const DONE: PromptResponse = { stopReason: 'end_turn', usage: { inputTokens: 10, outputTokens: 2, totalTokens: 12 } };

describe('acp, with an agent of the official SDK', () => {
  it('makes events of text, plans, calls, diffs and usage', async () => {
    const sdkAgent = new SdkAgent(async ({ tell }) => {
      await tell({ sessionUpdate: 'agent_thought_chunk', content: { type: 'text', text: 'Hm.' } });
      await tell({ sessionUpdate: 'plan', entries: [{ content: 'look', priority: 'high', status: 'in_progress' }] });
      await tell({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'Here ' } });
      await tell({ sessionUpdate: 'agent_message_chunk', content: { type: 'text', text: 'it is.' } });
      await tell({
        sessionUpdate: 'tool_call',
        toolCallId: 'c1',
        title: 'Change a',
        kind: 'edit',
        status: 'in_progress',
        locations: [{ path: '/repo/a' }],
      });
      const content = [{ type: 'diff' as const, path: '/repo/a', oldText: 'one\ntwo\n', newText: 'one\n2\n3\n' }];
      await tell({ sessionUpdate: 'tool_call_update', toolCallId: 'c1', status: 'completed', content });
      return DONE;
    });
    await sdkAgent.event('turn.ended');
    assert.deepEqual(
      sdkAgent.host.events.map((event) => event.kind),
      [
        'agent.session',
        'turn.started',
        'message',
        'reasoning',
        'plan',
        'message',
        'tool.call',
        'tool.result',
        'file.change',
        'usage',
        'turn.ended',
      ],
    );
    assert.deepEqual(sdkAgent.host.of('message')[1], { role: 'assistant', text: 'Here it is.' });
    const [change] = sdkAgent.host.of('file.change');
    assert.deepEqual([change?.path, change?.addedLines, change?.removedLines], ['a', 2, 1]);
    assert.equal(sdkAgent.end(), 'completed');
  });

  it('asks, and forwards the answer; the message with a denial is sent as the next one', async () => {
    const chosen: string[] = [];
    const sdkAgent = new SdkAgent(
      async ({ ask, text }) => {
        if (text === 'x') chosen.push(await ask('c1', '/repo/a'));
        return DONE;
      },
      { permissionMode: 'ask' },
    );
    await sdkAgent.event('permission.request');
    assert.deepEqual(
      sdkAgent.host.of('permission.request')[0]?.options.map(({ name }) => name),
      ['Allow', 'No'],
    );
    sdkAgent.conversation.answerPermission(sdkAgent.host.of('permission.request')[0]?.requestId ?? '', 'no', {
      message: 'Use b instead',
    });
    await sdkAgent.event('turn.ended', 1);
    assert.deepEqual(chosen, ['no']);
    assert.deepEqual(sdkAgent.prompts, ['x', 'Use b instead']);
    assert.deepEqual(
      sdkAgent.host.of('tool.result').map(({ status }) => status),
      ['denied'],
    );
    assert.equal(sdkAgent.end(), 'completed');
  });

  it('allows edits inside the worktree by itself, and asks for all others', async () => {
    const sdkAgent = new SdkAgent(async ({ ask }) => {
      await ask('c1', '/repo/src/a');
      for (const path of ['/repo/../etc/passwd', '/repo/.git/hooks/pre-commit', '/repo', '/elsewhere'])
        void ask(path, path);
      await new Promise(() => undefined);
      return DONE;
    });
    await sdkAgent.event('permission.request', 4);
    assert.deepEqual(
      sdkAgent.host.of('permission.answer').map(({ outcome, optionId }) => ({ outcome, optionId })),
      [{ outcome: 'allowed', optionId: 'yes' }],
    );
    sdkAgent.end();
  });

  it('allows everything by itself in the mode all', async () => {
    const sdkAgent = new SdkAgent(
      async ({ ask }) => {
        await ask('c1', '/elsewhere');
        return DONE;
      },
      { permissionMode: 'all' },
    );
    await sdkAgent.event('turn.ended');
    assert.deepEqual(sdkAgent.host.of('permission.answer')[0]?.outcome, 'allowed');
    sdkAgent.end();
  });

  it('withdraws its question when it is interrupted, and continues with the next message', async () => {
    const outcomes: string[] = [];
    const sdkAgent = new SdkAgent(
      async ({ ask, text, cancelled }) => {
        if (text !== 'x') return DONE;
        outcomes.push(await ask('c1', '/repo/a'));
        return { stopReason: cancelled.aborted ? 'cancelled' : 'end_turn' };
      },
      { permissionMode: 'ask' },
    );
    await sdkAgent.event('permission.request');
    sdkAgent.conversation.send('and then');
    assert.equal(sdkAgent.conversation.hasQueued(), true);
    assert.equal(sdkAgent.conversation.interrupt(), true);
    await sdkAgent.event('turn.ended', 1);
    assert.deepEqual(outcomes, ['cancelled']);
    assert.deepEqual(
      sdkAgent.host.of('turn.ended').map(({ stopReason }) => stopReason),
      ['interrupted', 'end_turn'],
    );
    assert.deepEqual(sdkAgent.host.of('permission.answer')[0]?.outcome, 'withdrawn');
    assert.equal(sdkAgent.conversation.hasQueued(), false);
    assert.equal(sdkAgent.conversation.interrupt(), false);
    assert.equal(sdkAgent.end(), 'completed');
  });

  it('resumes a session where the agent can, and says so where it cannot', async () => {
    const able = new SdkAgent(() => Promise.resolve(DONE), { resumes: 's0' });
    await able.event('turn.ended');
    assert.deepEqual([able.asked, able.host.of('agent.session')[0]?.nativeSessionId], [['resume s0'], 's0']);
    const unable = new SdkAgent(() => Promise.resolve(DONE), { resumes: 's0' }, false);
    await unable.event('turn.ended');
    assert.deepEqual([unable.asked, unable.host.of('agent.session')[0]?.nativeSessionId], [['new'], 's1']);
    assert.match(unable.host.of('message')[0]?.text ?? '', /cannot take up its earlier session/);
  });

  it('chooses the model before the first prompt', async () => {
    const sdkAgent = new SdkAgent(() => Promise.resolve(DONE), { model: 'large' });
    await sdkAgent.event('turn.ended');
    assert.deepEqual(sdkAgent.asked, ['new', 'the-model = large']);
    assert.equal(sdkAgent.host.of('agent.session')[0]?.model, 'large');
  });

  it('sets the mode that stands for the permission mode, before the first prompt', () => {
    const expected: Record<string, Record<PermissionMode, string>> = {
      gemini: { ask: 'default', edits: 'default', all: 'yolo' },
      goose: { ask: 'approve', edits: 'approve', all: 'auto' },
      'claude-agent-acp': { ask: 'default', edits: 'default', all: 'bypassPermissions' },
      'codex-acp': { ask: 'read-only', edits: 'workspace-write', all: 'agent-full-access' },
    };
    for (const [program, modes] of Object.entries(expected)) {
      const availableModes = Object.values(modes).map((id) => ({ id }));
      for (const permissionMode of PERMISSION_MODES) {
        const host = new RecordingHost();
        const argv = [`/usr/bin/${program}`];
        const conversation = acpDriver.createConversation(conversationRequest({ argv, permissionMode }), host);
        conversation.start();
        const results = [
          { protocolVersion: 1 },
          { sessionId: 's1', modes: { currentModeId: 'its own', availableModes } },
        ];
        for (const [index, result] of results.entries())
          conversation.readLine('stdout', JSON.stringify({ jsonrpc: '2.0', id: index + 1, result }));
        const modeId = modes[permissionMode];
        const request = { jsonrpc: '2.0', id: 3, method: 'session/set_mode', params: { sessionId: 's1', modeId } };
        assert.deepEqual(JSON.parse(host.written.at(-1) ?? ''), request, program);
        assert.equal(host.of('agent.session')[0]?.permissionMode, modeId);
        assert.equal(host.of('turn.started').length, 0);
        conversation.readLine('stdout', '{"jsonrpc":"2.0","id":3,"result":{}}');
        assert.equal(host.of('turn.started').length, 1);
      }
    }
  });

  it('answers a question beside the work in a copy that only reads, and is refused whatever it asks for', async () => {
    const aside = { question: 'Why?' };
    const chosen: string[] = [];
    const begin = (program: string, modes: string[]): SdkAgent =>
      new SdkAgent(
        async ({ ask }) => {
          chosen.push(await ask('c1', '/repo/a'));
          return DONE;
        },
        { argv: [`/usr/bin/${program}`], permissionMode: 'ask', prompt: 'The story. Why?', resumes: 's0', aside },
        true,
        modes,
      );
    const claude = begin('claude-agent-acp', ['default', 'plan']);
    await claude.event('turn.ended');
    assert.deepEqual(claude.asked, ['fork s0', 's2 in plan']);
    assert.match(JSON.stringify(claude.meta), /"tools":\["Read","Grep","Glob"\],"strictMcpConfig":true/);
    claude.end();
    const forked = begin('codex-acp', ['agent', 'read-only']);
    await forked.event('turn.ended');
    assert.deepEqual(forked.asked, ['fork s0', 's2 in read-only']);
    assert.match(forked.prompts[0] ?? '', /Change nothing.*\n\nWhy\?$/);
    assert.deepEqual(chosen, ['no', 'no']);
    assert.equal(forked.host.of('permission.answer')[0]?.outcome, 'denied');
    forked.end();
  });

  it('is told the story where it cannot copy its session, and asked nothing where it has no mode that only reads', async () => {
    const aside = { question: 'Why?' };
    const wishes = { permissionMode: 'ask' as const, prompt: 'The story. Why?', resumes: 's0', aside };
    const argv = ['/usr/bin/goose'];
    const told = new SdkAgent(() => Promise.resolve(DONE), { ...wishes, argv }, false, ['auto', 'chat']);
    await told.event('turn.ended');
    assert.deepEqual(told.asked, ['new', 's1 in chat']);
    assert.match(told.prompts[0] ?? '', /\n\nThe story\. Why\?$/);
    told.end();
    const able = new SdkAgent(() => Promise.resolve(DONE), { ...wishes, argv }, true, ['auto', 'approve']);
    await able.event('turn.ended');
    assert.deepEqual([able.prompts, able.end()], [[], 'failed']);
    assert.match(able.host.of('turn.ended')[0]?.message ?? '', /no mode in which it only reads/);
    assert.equal(acpDriver.asides?.(['/usr/bin/some-agent']), undefined);
  });

  it('fails with the reason where the agent refuses to open a session', () => {
    const host = new RecordingHost();
    const conversation = acpDriver.createConversation(conversationRequest(), host);
    conversation.start();
    conversation.readLine(
      'stdout',
      '{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"Authentication required"}}',
    );
    assert.equal(conversation.hasQueued(), false);
    assert.deepEqual(conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }), {
      outcome: 'failed',
      reason: 'The agent could not begin: Authentication required',
    });
    assert.deepEqual(host.of('message'), [{ role: 'user', text: 'x' }]);
  });
});
