/** Any agent that speaks the Agent Client Protocol, version 1: Gemini, opencode, Goose, and whatever else is configured. */
import type { CancelNotification, PromptRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import * as v from 'valibot';
import type { PermissionOption, Usage } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AcpPermissionRequest, AcpUpdate } from './acpMessages';
import {
  contentText,
  permissionRequestSchema,
  promptResultSchema,
  sessionUpdateSchema,
  systemErrorSchema,
  tokensOf,
} from './acpMessages';
import type { AcpQuirks } from './acpQuirks';
import { quirksOf } from './acpQuirks';
import { ACP_BACKEND_TYPE, openAcpSession } from './acpSession';
import { AcpTools } from './acpTools';
import type { AgentExit, Conversation, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import type { RpcCall, RpcId, RpcOutcome } from '../driver/jsonRpc';
import { describeRpcError, JsonRpcPeer } from '../driver/jsonRpc';
import { RunningCost } from '../driver/runningCost';
import { StreamedText } from '../driver/streamedText';
import type { TurnEnd } from '../driver/turns';
import { INTERRUPTED, Turns } from '../driver/turns';

/** Ends that mean that the work was not done. */
const FAILED_STOPS: Readonly<Record<string, string>> = {
  refusal: 'The model refused to go on',
  max_turn_requests: 'The agent reached its limit of requests in one turn',
};

/** Not about the work, or told again: opencode also hands over the text of an edit that it makes itself. */
const QUIET_METHODS = ['_auth/status_update', 'fs/write_text_file'];

const PROTOCOL_WORDS = ['acp', '--acp', '--experimental-acp'];

export const acpDriver: Driver = {
  backendType: ACP_BACKEND_TYPE,
  launch({ program, programArguments, permissionMode, model }) {
    const argv = [program, ...programArguments];
    const quirks = quirksOf(argv);
    return {
      argv: [
        ...argv,
        ...(model === undefined || quirks.modelArgument === undefined ? [] : [quirks.modelArgument(model)]),
      ],
      environment: quirks.environment?.(permissionMode, model) ?? {},
      promptInArguments: false,
    };
  },
  converse: (request, host) => new AcpConversation(request, host),
  terminal({ program, programArguments, nativeSessionId }) {
    const words = quirksOf([program, ...programArguments]).terminal?.(nativeSessionId);
    // What makes it speak the protocol would keep it from speaking to a person.
    return words === undefined
      ? undefined
      : [...programArguments.filter((word) => !PROTOCOL_WORDS.includes(word)), ...words];
  },
};

class AcpConversation implements Conversation {
  readonly ignoresEndOfInput?: true;
  readonly #request: ConversationRequest;
  readonly #host: ConversationHost;
  readonly #quirks: AcpQuirks;
  readonly #peer: JsonRpcPeer;
  readonly #turns: Turns;
  readonly #text: StreamedText;
  readonly #tools: AcpTools;
  readonly #queue: string[];
  readonly #questions = new Map<string, { id: RpcId; request: AcpPermissionRequest }>();
  /** Known once prompts are taken: before that an agent tells an earlier session's history, which is in our journal already. */
  #sessionId: string | undefined;
  #isInterrupting = false;
  /** What the agent reported as a failure, other than by an error. */
  #failure: string | undefined;
  /** Codex's adapter says this, and then tells the error as if it were an answer. */
  #hasSystemError = false;
  readonly #cost: RunningCost;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#request = request;
    this.#host = host;
    this.#queue = [request.prompt];
    this.#quirks = quirksOf(request.argv);
    if (this.#quirks.ignoresEndOfInput) this.ignoresEndOfInput = true;
    this.#peer = new JsonRpcPeer((line) => host.write(line), { jsonrpc: '2.0' });
    this.#turns = new Turns(host);
    this.#text = new StreamedText(host, (text) => this.#isErrorText(text));
    this.#tools = new AcpTools(host, request.cwd, this.#quirks);
    this.#cost = new RunningCost(request.resumes !== undefined);
  }

  start(): void {
    openAcpSession(this.#request, this.#peer, this.#host, this.#quirks, {
      opened: (sessionId) => {
        this.#sessionId = sessionId;
        this.#next();
      },
      failed: (message, method) => this.#turns.fail(this.#queue.splice(0), message, method),
    });
  }

  send(text: string): void {
    this.#queue.push(text);
    this.#next();
  }

  hasQueued(): boolean {
    return this.#queue.length > 0 || this.#turns.isOpen;
  }

  interrupt(): boolean {
    if (!this.#turns.isOpen || this.#sessionId === undefined) return false;
    this.#isInterrupting = true;
    this.#peer.notify('session/cancel', { sessionId: this.#sessionId } satisfies CancelNotification);
    this.#withdrawQuestions();
    return true;
  }

  answerPermission(requestId: string, optionId: string, message: string | undefined): void {
    const question = this.#questions.get(requestId);
    const option = question?.request.options.find((candidate) => candidate.optionId === optionId);
    if (question === undefined || option === undefined) return;
    this.#questions.delete(requestId);
    if (option.kind.startsWith('reject')) this.#tools.deny(question.request.toolCall.toolCallId);
    this.#peer.respond(question.id, { outcome: { outcome: 'selected', optionId } } satisfies RequestPermissionResponse);
    // The protocol has no place for a reason: it is what the agent hears next.
    if (message !== undefined && message.trim() !== '') this.#queue.push(message);
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    // A warning beside it does not cut what the agent is saying in two.
    if (stream === 'stderr') return this.#host.emit({ kind: 'output', data: { stream, text: line } });
    const foreign = this.#peer.read(line, (call) => this.#readCall(call, line));
    if (foreign !== '') this.#keep(foreign);
  }

  end(exit: AgentExit): Ending {
    this.#settleTurn('failed');
    return this.#turns.close(exit, this.#queue.splice(0));
  }

  #next(): void {
    if (this.#turns.isOpen || this.#sessionId === undefined) return;
    const text = this.#queue.shift();
    if (text === undefined) return;
    this.#turns.begin();
    this.#failure = undefined;
    this.#hasSystemError = false;
    this.#host.emit({ kind: 'message', data: { role: 'user', text } });
    const request: PromptRequest = { sessionId: this.#sessionId, prompt: [{ type: 'text', text }] };
    this.#peer.request('session/prompt', request, (outcome) => this.#readPromptResult(outcome));
  }

  #readPromptResult(outcome: RpcOutcome): void {
    const result = 'error' in outcome ? undefined : v.safeParse(promptResultSchema, outcome.result);
    this.#settleTurn(
      result?.success && result.output.stopReason === 'end_turn' && !this.#isInterrupting ? 'completed' : 'failed',
    );
    if (result?.success === false) this.#keep(JSON.stringify(outcome));
    const usage = this.#usageOf(result?.success ? tokensOf(result.output) : undefined);
    if (usage !== undefined) this.#host.emit({ kind: 'usage', data: usage });
    const end =
      'error' in outcome
        ? this.#failedEnd(describeRpcError(outcome.error))
        : this.#endOf(result?.success ? result.output.stopReason : 'unknown');
    this.#isInterrupting = false;
    this.#turns.end({ ...end, ...(usage === undefined ? {} : { usage }) });
    this.#next();
  }

  #failedEnd(message: string): TurnEnd {
    if (this.#isInterrupting) return INTERRUPTED;
    if (message !== this.#failure) this.#host.emit({ kind: 'error', data: { message } });
    return { stopReason: 'error', failed: true, message };
  }

  #endOf(stopReason: string): TurnEnd {
    // Some say `end_turn` for a turn that they were told to cancel.
    if (this.#isInterrupting || stopReason === 'cancelled') return INTERRUPTED;
    const failure = this.#failure ?? FAILED_STOPS[stopReason];
    return failure === undefined ? { stopReason, failed: false } : { stopReason, failed: true, message: failure };
  }

  #usageOf(tokens: Usage | undefined): Usage | undefined {
    const costUsd = this.#cost.takeUsd();
    return tokens === undefined && costUsd === undefined
      ? undefined
      : { ...tokens, ...(costUsd === undefined ? {} : { costUsd }) };
  }

  #readCall({ id, method, params }: RpcCall, line: string): void {
    if (id === undefined && method === 'session/update') {
      const parsed = v.safeParse(sessionUpdateSchema, params);
      if (parsed.success) return this.#readUpdate(parsed.output.update);
    }
    if (id !== undefined && method === 'session/request_permission') {
      const parsed = v.safeParse(permissionRequestSchema, params);
      if (parsed.success) return this.#readQuestion(id, parsed.output);
    }
    if (id !== undefined) this.#peer.refuse(id, method);
    if (!QUIET_METHODS.includes(method)) this.#keep(line);
  }

  #readUpdate(update: AcpUpdate): void {
    switch (update.sessionUpdate) {
      case 'agent_message_chunk':
      case 'agent_thought_chunk': {
        const kind = update.sessionUpdate === 'agent_message_chunk' ? 'message' : 'reasoning';
        if (this.#sessionId !== undefined)
          this.#text.add(kind, update.messageId ?? undefined, contentText(update.content));
        return;
      }
      case 'tool_call':
      case 'tool_call_update':
        if (this.#sessionId === undefined) return;
        this.#text.flush();
        return this.#tools.read(update);
      case 'plan':
        if (this.#sessionId === undefined) return;
        this.#text.flush();
        this.#host.emit({
          kind: 'plan',
          data: { entries: update.entries.map(({ content, status }) => ({ text: content, status })) },
        });
        return;
      case 'usage_update':
        if (update.cost?.currency === 'USD') this.#cost.update(update.cost.amount);
        return;
      case 'session_info_update':
        if (!v.is(systemErrorSchema, update._meta)) return;
        this.#text.flush();
        this.#hasSystemError = true;
        return;
      default:
        update.sessionUpdate satisfies
          'available_commands_update' | 'current_mode_update' | 'config_option_update' | 'user_message_chunk';
    }
  }

  #readQuestion(id: RpcId, request: AcpPermissionRequest): void {
    this.#text.flush();
    const requestId = String(id);
    const { title, name, input } = this.#tools.ask(request.toolCall);
    this.#questions.set(requestId, { id, request });
    this.#host.emit({
      kind: 'permission.request',
      data: {
        requestId,
        title,
        toolName: name,
        input,
        callId: request.toolCall.toolCallId,
        options: request.options.map(readableOption),
      },
    });
    // Agents that cannot be told what goes ahead ask all the same.
    const mode = this.#request.permissionMode;
    const goesAhead = mode === 'all' || (mode === 'edits' && this.#tools.isOwnEdit(request.toolCall));
    const allowed =
      request.options.find((option) => option.kind === 'allow_once') ??
      request.options.find((option) => option.kind === 'allow_always');
    if (!goesAhead || allowed === undefined) return;
    this.#host.emit({ kind: 'permission.answer', data: { requestId, outcome: 'allowed', optionId: allowed.optionId } });
    this.answerPermission(requestId, allowed.optionId, undefined);
  }

  /** Unanswered, a cancelled turn would never end. */
  #withdrawQuestions(): void {
    for (const [requestId, { id }] of this.#questions) {
      this.#host.emit({ kind: 'permission.answer', data: { requestId, outcome: 'withdrawn' } });
      this.#peer.respond(id, { outcome: { outcome: 'cancelled' } } satisfies RequestPermissionResponse);
    }
    this.#questions.clear();
  }

  /** Tells what is still held back of a turn. */
  #settleTurn(status: 'completed' | 'failed'): void {
    this.#text.flush();
    this.#withdrawQuestions();
    this.#tools.close(status);
  }

  #isErrorText(text: string): boolean {
    const { errorText } = this.#quirks;
    if (!this.#hasSystemError && (errorText === undefined || !text.startsWith(errorText))) return false;
    const message = describeRpcError({
      code: 0,
      message: text.slice(this.#hasSystemError ? 0 : errorText?.length).trim(),
    });
    this.#failure = oneLine(message);
    this.#host.emit({ kind: 'error', data: { message } });
    return true;
  }

  #keep(text: string): void {
    this.#text.flush();
    this.#host.emit({ kind: 'output', data: { stream: 'stdout', text } });
  }
}

const OPTION_NAMES: Record<PermissionOption['kind'], string> = {
  allow_once: 'Allow',
  allow_always: 'Always allow',
  reject_once: 'Deny',
  reject_always: 'Always deny',
};

/** Some name their options by words that are meant for programs. */
function readableOption(option: PermissionOption): PermissionOption {
  return /^[a-z]+(_[a-z]+)+$/.test(option.name) ? { ...option, name: OPTION_NAMES[option.kind] } : option;
}
