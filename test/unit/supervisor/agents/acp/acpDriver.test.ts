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
import { acpDriver } from '../../../../../src/supervisor/agents/acp/acpDriver';
import type { Conversation, ConversationRequest } from '../../../../../src/supervisor/agents/driver/driver';
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
  /** What the client chose, or `cancelled`. */
  ask: (toolCallId: string, path: string) => Promise<string>;
  /** Aborted when the client cancels the turn. */
  cancelled: AbortSignal;
}

/** An agent that is built on the official SDK, in conversation with the driver. */
class Partner {
  readonly host = new RecordingHost();
  readonly conversation: Conversation;
  readonly prompts: string[] = [];
  readonly asked: string[] = [];
  #connection: AgentConnection;
  #cancelling = new AbortController();

  constructor(
    onPrompt: (turn: Turn) => Promise<PromptResponse>,
    wishes: Partial<ConversationRequest> = {},
    canResume = true,
  ) {
    this.conversation = acpDriver.createConversation(
      conversationRequest({ argv: ['/usr/bin/some-agent'], ...wishes }),
      this.host,
    );
    const app = agent({ name: 'partner' })
      .onRequest(methods.agent.initialize, () => {
        const agentCapabilities = canResume ? { loadSession: true, sessionCapabilities: { resume: {} } } : {};
        return { protocolVersion: 1, agentCapabilities, agentInfo: { name: 'partner', version: '1.2.3' } };
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
        return { sessionId: 's1', configOptions: [{ ...model, options: values }] };
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

  /** Resolves once there are more than `index` events of a kind. */
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
  it('tells text, plans, calls, diffs and usage', async () => {
    const partner = new Partner(async ({ tell }) => {
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
    await partner.event('turn.ended');
    assert.deepEqual(
      partner.host.events.map((event) => event.kind),
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
    assert.deepEqual(partner.host.of('message')[1], { role: 'assistant', text: 'Here it is.' });
    const [change] = partner.host.of('file.change');
    assert.deepEqual([change?.path, change?.addedLines, change?.removedLines], ['a', 2, 1]);
    assert.equal(partner.end(), 'completed');
  });

  it('asks, and hands the answer on; a reason for a refusal is the next message', async () => {
    const chosen: string[] = [];
    const partner = new Partner(
      async ({ ask, text }) => {
        if (text === 'x') chosen.push(await ask('c1', '/repo/a'));
        return DONE;
      },
      { permissionMode: 'ask' },
    );
    await partner.event('permission.request');
    assert.deepEqual(
      partner.host.of('permission.request')[0]?.options.map(({ name }) => name),
      ['Allow', 'No'],
    );
    partner.conversation.answerPermission(
      partner.host.of('permission.request')[0]?.requestId ?? '',
      'no',
      'Use b instead',
    );
    await partner.event('turn.ended', 1);
    assert.deepEqual(chosen, ['no']);
    assert.deepEqual(partner.prompts, ['x', 'Use b instead']);
    assert.deepEqual(
      partner.host.of('tool.result').map(({ status }) => status),
      ['denied'],
    );
    assert.equal(partner.end(), 'completed');
  });

  it('lets edits inside the worktree go ahead, and asks for the others', async () => {
    const partner = new Partner(async ({ ask }) => {
      await ask('c1', '/repo/src/a');
      for (const path of ['/repo/../etc/passwd', '/repo/.git/hooks/pre-commit', '/repo', '/elsewhere'])
        void ask(path, path);
      await new Promise(() => undefined);
      return DONE;
    });
    await partner.event('permission.request', 4);
    assert.deepEqual(
      partner.host.of('permission.answer').map(({ outcome, optionId }) => ({ outcome, optionId })),
      [{ outcome: 'allowed', optionId: 'yes' }],
    );
    partner.end();
  });

  it('never asks where nothing is to be asked', async () => {
    const partner = new Partner(
      async ({ ask }) => {
        await ask('c1', '/elsewhere');
        return DONE;
      },
      { permissionMode: 'all' },
    );
    await partner.event('turn.ended');
    assert.deepEqual(partner.host.of('permission.answer')[0]?.outcome, 'allowed');
    partner.end();
  });

  it('takes its question back when it is interrupted, and goes on with what waits', async () => {
    const outcomes: string[] = [];
    const partner = new Partner(
      async ({ ask, text, cancelled }) => {
        if (text !== 'x') return DONE;
        outcomes.push(await ask('c1', '/repo/a'));
        return { stopReason: cancelled.aborted ? 'cancelled' : 'end_turn' };
      },
      { permissionMode: 'ask' },
    );
    await partner.event('permission.request');
    partner.conversation.send('and then');
    assert.equal(partner.conversation.hasQueued(), true);
    assert.equal(partner.conversation.interrupt(), true);
    await partner.event('turn.ended', 1);
    assert.deepEqual(outcomes, ['cancelled']);
    assert.deepEqual(
      partner.host.of('turn.ended').map(({ stopReason }) => stopReason),
      ['interrupted', 'end_turn'],
    );
    assert.deepEqual(partner.host.of('permission.answer')[0]?.outcome, 'withdrawn');
    assert.equal(partner.conversation.hasQueued(), false);
    assert.equal(partner.conversation.interrupt(), false);
    assert.equal(partner.end(), 'completed');
  });

  it('takes up an earlier session where the agent can, and says so where it cannot', async () => {
    const able = new Partner(() => Promise.resolve(DONE), { resumes: 's0' });
    await able.event('turn.ended');
    assert.deepEqual([able.asked, able.host.of('agent.session')[0]?.nativeSessionId], [['resume s0'], 's0']);
    const unable = new Partner(() => Promise.resolve(DONE), { resumes: 's0' }, false);
    await unable.event('turn.ended');
    assert.deepEqual([unable.asked, unable.host.of('agent.session')[0]?.nativeSessionId], [['new'], 's1']);
    assert.match(unable.host.of('message')[0]?.text ?? '', /cannot take up its earlier session/);
  });

  it('chooses the model before the first prompt', async () => {
    const partner = new Partner(() => Promise.resolve(DONE), { model: 'large' });
    await partner.event('turn.ended');
    assert.deepEqual(partner.asked, ['new', 'the-model = large']);
    assert.equal(partner.host.of('agent.session')[0]?.model, 'large');
  });

  it('fails with the reason where the agent refuses the session', () => {
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
