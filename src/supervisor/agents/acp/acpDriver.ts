/** Any agent that speaks version 1 of the Agent Client Protocol: Gemini, opencode, Goose, and others by setting. */
import type { CancelNotification, PromptCapabilities, PromptRequest } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import type { Usage } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type {
  AgentExit,
  Conversation,
  ConversationHost,
  ConversationRequest,
  Driver,
  SaidAnswer,
} from '../driver/driver';
import type { Ending } from '../driver/ending';
import { EventWriter } from '../driver/eventWriter';
import type { RpcCall, RpcOutcome } from '../driver/jsonRpc';
import { describeRpcError, JsonRpcPeer } from '../driver/jsonRpc';
import { refusedRequest } from '../driver/permissionRequests';
import type { TurnEnd } from '../driver/turns';
import { INTERRUPTED, Turns } from '../driver/turns';
import { asideMessage, messageEvent, type AgentAttachment, type UserMessage } from '../driver/userMessages';
import { ContextReport, RunningCost } from '../driver/usage';
import { errorData } from '../driver/limits/usageLimit';
import type { AcpUpdate } from './acpMessages';
import {
  contentText,
  permissionRequestSchema,
  promptResultSchema,
  sessionUpdateSchema,
  systemErrorSchema,
  tokensOf,
} from './acpMessages';
import { AcpPermissions } from './acpPermissions';
import type { AcpProfile } from './acpProfiles';
import { profileOf } from './acpProfiles';
import { ACP_BACKEND_TYPE, openAcpSession } from './acpSession';
import { AcpToolCalls } from './acpToolCalls';
import { promptOf } from './acpPrompt';

const PROTOCOL_ARGUMENTS = ['acp', '--acp', '--experimental-acp'];

export const acpDriver: Driver = {
  backendType: ACP_BACKEND_TYPE,
  launch({ program, programArguments, permissionMode, model, mcpServer, aside }) {
    const argv = [program, ...programArguments];
    const { modelArgument, environment, aside: asAside } = profileOf(argv);
    const beside = aside === undefined ? undefined : asAside;
    return {
      argv: [
        ...argv,
        ...(model === undefined || modelArgument === undefined ? [] : [modelArgument(model)]),
        ...(aside === undefined ? [] : (beside?.arguments?.(aside.policyFile) ?? [])),
      ],
      environment: { ...environment?.(permissionMode, model), ...beside?.environment },
      promptInArguments: false,
      ...(beside?.policy === undefined ? {} : { policy: beside.policy }),
      ...(mcpServer === undefined ? {} : { takesMcpServer: true }),
    };
  },
  createConversation: (request, host) => new AcpConversation(request, host),
  asides: (argv) => (profileOf(argv).aside === undefined ? undefined : 'either'),
  terminalArguments({ program, programArguments, nativeSessionId }) {
    const words = profileOf([program, ...programArguments]).terminalArguments?.(nativeSessionId);
    return words === undefined
      ? undefined
      : [...programArguments.filter((word) => !PROTOCOL_ARGUMENTS.includes(word)), ...words];
  },
};

/** Reasons to stop that mean that the work is not done. */
const FAILED_STOPS: ReadonlyMap<string, string> = new Map([
  ['refusal', 'The model refused to go on'],
  ['max_turn_requests', 'The agent reached its limit of requests in one turn'],
]);

/** Not about the work, or also reported elsewhere: opencode sends the text of edits that it makes itself. */
const IGNORED_METHODS = ['_auth/status_update', 'fs/write_text_file'];

class AcpConversation implements Conversation {
  readonly ignoresEndOfInput?: true;
  readonly #request: ConversationRequest;
  readonly #host: ConversationHost;
  readonly #profile: AcpProfile;
  readonly #peer: JsonRpcPeer;
  readonly #events: EventWriter;
  readonly #turns: Turns;
  readonly #toolCalls: AcpToolCalls;
  readonly #permissions: AcpPermissions;
  readonly #cost: RunningCost;
  readonly #context: ContextReport;
  readonly #queue: UserMessage[];
  /** Set once the agent takes prompts. Before that it may repeat a session's history, which is journaled already. */
  #sessionId: string | undefined;
  #capabilities: PromptCapabilities = {};
  #isInterrupting = false;
  /** A failure that the agent reported as a message rather than an error. */
  #failure: string | undefined;
  /** Codex's adapter reports this, and then sends the error as if it were an answer. */
  #hasSystemError = false;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#request = request;
    this.#host = host;
    this.#queue = [{ text: request.prompt, attachments: request.attachments ?? [] }];
    this.#profile = profileOf(request.argv);
    if (this.#profile.ignoresEndOfInput) this.ignoresEndOfInput = true;
    this.#peer = new JsonRpcPeer((line) => host.write(line), { jsonrpc: '2.0' });
    this.#events = new EventWriter(host, (text) => this.#readErrorText(text));
    this.#turns = new Turns(host);
    this.#toolCalls = new AcpToolCalls(host, request.cwd, this.#profile.categories);
    this.#permissions = new AcpPermissions(host, this.#peer, this.#toolCalls, request);
    this.#cost = new RunningCost(request.resumes !== undefined);
    this.#context = new ContextReport((event) => host.emit(event));
  }

  start(): void {
    openAcpSession(
      this.#request,
      this.#peer,
      this.#host,
      this.#profile,
      (sessionId, capabilities, isFork) => {
        this.#sessionId = sessionId;
        this.#capabilities = capabilities;
        const { aside, prompt } = this.#request;
        if (aside !== undefined)
          this.#queue.splice(0, 1, { text: asideMessage(isFork ? aside.question : prompt), attachments: [] });
        this.#beginNextTurn();
      },
      (reason, method) => this.#turns.fail(this.#queue.splice(0), `The agent could not begin: ${reason}`, method),
    );
  }

  send(text: string, attachments: readonly AgentAttachment[] = []): void {
    this.#queue.push({ text, attachments });
    this.#beginNextTurn();
  }

  hasQueued(): boolean {
    return this.#queue.length > 0 || this.#turns.isOpen;
  }

  interrupt(): boolean {
    if (!this.#turns.isOpen || this.#sessionId === undefined) return false;
    this.#isInterrupting = true;
    this.#peer.notify('session/cancel', { sessionId: this.#sessionId } satisfies CancelNotification);
    this.#permissions.withdrawAll();
    return true;
  }

  #beginNextTurn(): void {
    if (this.#turns.isOpen || this.#sessionId === undefined) return;
    const message = this.#queue.shift();
    if (message === undefined) return;
    this.#turns.begin();
    this.#failure = undefined;
    this.#hasSystemError = false;
    this.#host.emit(messageEvent(message));
    const request: PromptRequest = { sessionId: this.#sessionId, prompt: promptOf(message, this.#capabilities) };
    this.#peer.request('session/prompt', request, (outcome) => this.#readPromptResult(outcome));
  }

  #readPromptResult(outcome: RpcOutcome): void {
    const result = 'error' in outcome ? undefined : v.safeParse(promptResultSchema, outcome.result);
    this.#settleTurn(
      result?.success && result.output.stopReason === 'end_turn' && !this.#isInterrupting ? 'completed' : 'failed',
    );
    if (result?.success === false) this.#events.emitOutput(JSON.stringify(outcome));
    this.#turns.reportUsage(this.#usageOf(result?.success ? tokensOf(result.output) : undefined));
    const end =
      'error' in outcome
        ? this.#failedEnd(describeRpcError(outcome.error))
        : this.#endOf(result?.success ? result.output.stopReason : 'unknown');
    this.#isInterrupting = false;
    this.#turns.end(end);
    this.#beginNextTurn();
  }

  #failedEnd(message: string): TurnEnd {
    if (this.#isInterrupting) return INTERRUPTED;
    if (message !== this.#failure) this.#host.emit({ kind: 'error', data: errorData(message) });
    return { stopReason: 'error', failed: true, message };
  }

  #endOf(stopReason: string): TurnEnd {
    // Some agents say `end_turn` for a turn that they were told to cancel.
    if (this.#isInterrupting || stopReason === 'cancelled') return INTERRUPTED;
    const failure = this.#failure ?? FAILED_STOPS.get(stopReason);
    return failure === undefined ? { stopReason, failed: false } : { stopReason, failed: true, message: failure };
  }

  #usageOf(tokens: Usage | undefined): Usage | undefined {
    const costUsd = this.#cost.takeUsd();
    return tokens === undefined && costUsd === undefined
      ? undefined
      : { ...tokens, ...(costUsd === undefined ? {} : { costUsd }) };
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    if (stream === 'stderr') return this.#events.emitStderr(line);
    const rest = this.#peer.read(line, (call) => this.#readCall(call, line));
    if (rest !== '') this.#events.emitOutput(rest);
  }

  #readCall({ id, method, params }: RpcCall, line: string): void {
    if (id === undefined && method === 'session/update') {
      const parsed = v.safeParse(sessionUpdateSchema, params);
      if (parsed.success) return this.#readUpdate(parsed.output.update);
    }
    if (id !== undefined && method === 'session/request_permission') {
      const parsed = v.safeParse(permissionRequestSchema, params);
      if (parsed.success) {
        this.#events.flush();
        return this.#permissions.read(id, parsed.output);
      }
    }
    if (id !== undefined) this.#peer.refuse(id, method);
    if (IGNORED_METHODS.includes(method)) return;
    this.#events.emitOutput(line);
    if (id !== undefined) this.#events.emit(refusedRequest(method));
  }

  #readUpdate(update: AcpUpdate): void {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
      case 'agent_thought_chunk': {
        const kind = update.sessionUpdate === 'agent_message_chunk' ? 'message' : 'reasoning';
        if (this.#sessionId !== undefined) this.#events.addText(kind, update.messageId, contentText(update.content));
        return;
      }
      case 'tool_call':
      case 'tool_call_update':
        if (this.#sessionId === undefined) return;
        this.#events.flush();
        return this.#toolCalls.read(update);
      case 'plan': {
        if (this.#sessionId === undefined) return;
        const entries = update.entries.map(({ content, status }) => ({ text: content, status }));
        return this.#events.emit({ kind: 'plan', data: { entries } });
      }
      case 'usage_update':
        // Before its first request an agent has used nothing, which is worth no event.
        if (update.used) this.#context.tell({ usedTokens: update.used, limitTokens: update.size || undefined });
        if (update.cost?.currency !== 'USD') return;
        this.#cost.update(update.cost.amount);
        return this.#host.usedInTurn({ costUsd: this.#cost.soFarUsd });
      case 'session_info_update':
        if (!v.is(systemErrorSchema, update._meta)) return;
        this.#events.flush();
        this.#hasSystemError = true;
        return;
      case 'available_commands_update':
        return this.#host.offer({
          commands: update.availableCommands?.map(({ input, ...command }) => ({
            ...command,
            argumentHint: input?.hint,
          })),
        });
      default:
        update.sessionUpdate satisfies 'current_mode_update' | 'config_option_update' | 'user_message_chunk';
    }
  }

  /** True where a message of the agent reports a failure, which then becomes an `error` event. */
  #readErrorText(text: string): boolean {
    const { errorPrefix } = this.#profile;
    if (!this.#hasSystemError && (errorPrefix === undefined || !text.startsWith(errorPrefix))) return false;
    const message = describeRpcError({ message: text.slice(this.#hasSystemError ? 0 : errorPrefix?.length).trim() });
    this.#failure = oneLine(message);
    this.#host.emit({ kind: 'error', data: errorData(message) });
    return true;
  }

  answerPermission(requestId: string, optionId: string, { message }: SaidAnswer = {}): void {
    const isAnswered = this.#permissions.answer(requestId, optionId);
    // The protocol has no field for a person's message, so it is sent as the next one.
    if (isAnswered && message !== undefined && message.trim() !== '') this.send(message);
  }

  end(exit: AgentExit): Ending {
    this.#settleTurn('failed');
    return this.#turns.close(exit, this.#queue.splice(0));
  }

  /** Emits what is still held back of the turn. `status` is that of tool calls without a result. */
  #settleTurn(status: 'completed' | 'failed'): void {
    this.#events.flush();
    this.#permissions.withdrawAll();
    this.#toolCalls.close(status);
  }
}
