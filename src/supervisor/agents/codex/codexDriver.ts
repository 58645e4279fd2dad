/** Codex: one long-lived `codex app-server`, with a thread, turns, steering, interrupts and approvals. */
import * as v from 'valibot';
import type { DraftEvent, PermissionOption } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { callOf, commandTitle, resultOf } from './codexItems';
import type { CodexItem, CodexNotification, CodexTurn } from './codexMessages';
import {
  approvalSchema,
  initializedSchema,
  inputText,
  isQuiet,
  parseCodexNotification,
  startedTurnSchema,
  threadSchema,
} from './codexMessages';
import { CodexUsage } from './codexUsage';
import type { AgentExit, Conversation, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { Inbox } from '../driver/inbox';
import type { RpcCall, RpcId } from '../driver/jsonRpc';
import { describeRpcError, JsonRpcPeer } from '../driver/jsonRpc';
import { StreamedText } from '../driver/streamedText';
import type { TurnEnd } from '../driver/turns';
import { INTERRUPTED, Turns } from '../driver/turns';

const BACKEND_TYPE = 'codex';

/** With `edits`, what its sandbox allows goes ahead: changes inside the worktree, and commands that stay in it. */
const MODES: Record<PermissionMode, { approvalPolicy: string; sandbox: string }> = {
  ask: { approvalPolicy: 'untrusted', sandbox: 'workspace-write' },
  edits: { approvalPolicy: 'on-request', sandbox: 'workspace-write' },
  all: { approvalPolicy: 'never', sandbox: 'danger-full-access' },
};

/**
 * Codex takes all of these for every question, whatever it proposes. What it proposes besides (a rule for the command) would be written into
 * the user's own settings.
 */
const OPTIONS: readonly PermissionOption[] = [
  { optionId: 'accept', name: 'Allow', kind: 'allow_once' },
  { optionId: 'acceptForSession', name: 'Always allow in this session', kind: 'allow_always' },
  { optionId: 'decline', name: 'Deny', kind: 'reject_once' },
  { optionId: 'cancel', name: 'Deny and end the turn', kind: 'reject_once' },
];

const APPROVALS = ['item/commandExecution/requestApproval', 'item/fileChange/requestApproval'];

export const codexDriver: Driver = {
  backendType: BACKEND_TYPE,
  launch: ({ program, programArguments }) => ({
    argv: [program, ...programArguments, 'app-server'],
    environment: {},
    promptInArguments: false,
  }),
  converse: (request, host) => new CodexConversation(request, host),
  terminal: ({ programArguments, nativeSessionId }) => [...programArguments, 'resume', nativeSessionId],
};

class CodexConversation implements Conversation {
  readonly #request: ConversationRequest;
  readonly #host: ConversationHost;
  readonly #peer: JsonRpcPeer;
  readonly #turns: Turns;
  readonly #text: StreamedText;
  readonly #inbox = new Inbox();
  /** Not sent yet. */
  readonly #queue: string[];
  readonly #questions = new Map<string, RpcId>();
  readonly #usage = new CodexUsage();
  readonly #openCalls = new Map<string, CodexItem>();
  #threadId: string | undefined;
  /** Known once the turn has really begun. */
  #turnId: string | undefined;
  #isInterrupting = false;
  /** The message that the turn was begun with. */
  #openingId = '';

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#request = request;
    this.#host = host;
    this.#queue = [request.prompt];
    this.#peer = new JsonRpcPeer((line) => host.write(line), {});
    this.#turns = new Turns(host);
    this.#text = new StreamedText(host);
  }

  start(): void {
    const clientInfo = { name: 'corral', title: 'Corral', version: '0' };
    this.#ask('initialize', { clientInfo, capabilities: null }, initializedSchema, ({ userAgent }) => {
      this.#peer.notify('initialized');
      this.#openThread(/\/(\d[\w.-]*)/.exec(userAgent ?? '')?.[1]);
    });
  }

  send(text: string): void {
    if (this.#turnId === undefined) {
      this.#queue.push(text);
      return this.#next();
    }
    // Codex hears it in the middle of its work; where the turn is over in this moment, it becomes the next one.
    const uuid = this.#inbox.add(text);
    const steering = { ...this.#inputOf(text, uuid), expectedTurnId: this.#turnId };
    this.#peer.request('turn/steer', steering, (outcome) => {
      if (!('error' in outcome) || this.#inbox.take(uuid) === undefined) return;
      this.#queue.push(text);
      this.#next();
    });
  }

  hasQueued(): boolean {
    return this.#queue.length > 0 || this.#inbox.size > 0 || this.#turns.isOpen;
  }

  interrupt(): boolean {
    if (!this.#turns.isOpen) return false;
    this.#isInterrupting = true;
    this.#sendInterrupt();
    return true;
  }

  answerPermission(requestId: string, optionId: string, message: string | undefined): void {
    const id = this.#questions.get(requestId);
    if (id === undefined) return;
    this.#questions.delete(requestId);
    this.#peer.respond(id, { decision: optionId });
    // An answer has no place for a reason: it is what Codex hears next.
    if (message !== undefined && message.trim() !== '') this.send(message);
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    // A warning beside it does not cut what the agent is saying in two.
    if (stream === 'stderr') return this.#host.emit({ kind: 'output', data: { stream, text: line } });
    const foreign = this.#peer.read(line, (call) => this.#readCall(call, line));
    if (foreign !== '') this.#keep(foreign);
  }

  end(exit: AgentExit): Ending {
    this.#settleTurn();
    return this.#turns.close(exit, [...this.#inbox.takeAll(), ...this.#queue.splice(0)]);
  }

  /** Asks for what a turn needs: without a good answer it has failed. */
  #ask<S extends v.GenericSchema>(
    method: string,
    params: object,
    schema: S,
    take: (result: v.InferOutput<S>) => void,
  ): void {
    this.#peer.request(method, params, (outcome) => {
      const result = 'error' in outcome ? undefined : v.safeParse(schema, outcome.result);
      if (result?.success) return take(result.output);
      const reason =
        'error' in outcome
          ? describeRpcError(outcome.error)
          : `it answered ${method} with something else than expected`;
      this.#settleTurn();
      this.#turns.fail(
        [...this.#inbox.takeAll(), ...this.#queue.splice(0)],
        `The agent could not begin: ${reason}`,
        method,
      );
    });
  }

  #openThread(version: string | undefined): void {
    const { cwd, permissionMode, resumes } = this.#request;
    const settings = {
      cwd,
      ...MODES[permissionMode],
      ...(this.#request.model === undefined ? {} : { model: this.#request.model }),
    };
    const [method, params] =
      resumes === undefined
        ? ['thread/start', settings]
        : ['thread/resume', { threadId: resumes, excludeTurns: true, ...settings }];
    this.#ask(method, params, threadSchema, ({ thread, model }) => {
      this.#threadId = thread.id;
      this.#host.emit({
        kind: 'agent.session',
        data: {
          nativeSessionId: thread.id,
          backendType: BACKEND_TYPE,
          ...(model ? { model } : {}),
          ...(version === undefined ? {} : { version }),
          permissionMode: settings.approvalPolicy,
        },
      });
      this.#next();
    });
  }

  #inputOf(text: string, uuid: string): object {
    return { threadId: this.#threadId, clientUserMessageId: uuid, input: [{ type: 'text', text, text_elements: [] }] };
  }

  #next(): void {
    if (this.#threadId === undefined || this.#turns.isOpen) return;
    const text = this.#queue.shift();
    if (text === undefined) return;
    this.#turns.begin();
    this.#openingId = this.#inbox.add(text);
    this.#ask('turn/start', this.#inputOf(text, this.#openingId), startedTurnSchema, () => undefined);
  }

  /** Before it says that the turn has begun, Codex would agree to an interrupt and go on. */
  #sendInterrupt(): void {
    if (this.#turnId === undefined || !this.#isInterrupting) return;
    this.#isInterrupting = false;
    this.#peer.request('turn/interrupt', { threadId: this.#threadId, turnId: this.#turnId }, (outcome) => {
      if ('error' in outcome)
        this.#host.emit({ kind: 'error', data: { message: describeRpcError(outcome.error), code: 'turn/interrupt' } });
    });
  }

  #readCall({ id, method, params }: RpcCall, line: string): void {
    if (id !== undefined) return this.#readQuestion(id, method, params, line);
    const notification = parseCodexNotification({ method, params });
    const isOurs =
      notification !== undefined &&
      (!('threadId' in notification.params) || notification.params.threadId === this.#threadId);
    if (isOurs) this.#readNotification(notification, line);
    else if (!isQuiet(method)) this.#keep(line);
  }

  #readNotification(notification: CodexNotification, line: string): void {
    switch (notification.method) {
      case 'turn/started':
        this.#turns.begin();
        this.#turnId = notification.params.turn.id;
        return this.#sendInterrupt();
      case 'turn/completed':
        return this.#readTurnEnd(notification.params.turn);
      case 'item/started':
        return this.#beginItem(notification.params.item);
      case 'item/completed':
        return this.#endItem(notification.params.item, line);
      case 'item/agentMessage/delta':
        return this.#text.add('message', notification.params.itemId, notification.params.delta);
      case 'thread/tokenUsage/updated':
        return this.#usage.update(notification.params.tokenUsage, notification.params.turnId === this.#turnId);
      case 'turn/plan/updated': {
        const entries = notification.params.plan.map(({ step, status }) => ({
          text: step,
          status: status === 'inProgress' ? ('in_progress' as const) : status,
        }));
        return this.#tell({ kind: 'plan', data: { entries } });
      }
      case 'error': {
        const { error, willRetry } = notification.params;
        const message = error.additionalDetails ? `${error.message}: ${error.additionalDetails}` : error.message;
        return this.#tell({
          kind: 'error',
          data: { message: describeRpcError({ code: 0, message }), ...(willRetry ? { retrying: true } : {}) },
        });
      }
      case 'serverRequest/resolved':
        return this.#withdraw(String(notification.params.requestId));
      case 'configWarning':
        return this.#tell({ kind: 'message', data: { role: 'system', text: notification.params.summary } });
      default:
        return this.#tell({ kind: 'message', data: { role: 'system', text: notification.params.message } });
    }
  }

  #readTurnEnd({ status, error }: CodexTurn): void {
    if (status === 'interrupted') return this.#endTurn(INTERRUPTED);
    if (status === 'completed') return this.#endTurn({ stopReason: 'end_turn', failed: false });
    const message = describeRpcError({ code: 0, message: error?.message ?? `The turn ended as ${status}` });
    this.#tell({ kind: 'error', data: { message } });
    this.#endTurn({ stopReason: status, failed: true, message });
  }

  #beginItem(item: CodexItem): void {
    const call = callOf(item, this.#request.cwd);
    if (call === undefined || !('id' in item)) return;
    this.#openCalls.set(item.id, item);
    this.#tell(call);
  }

  #endItem(item: CodexItem, line: string): void {
    switch (item.type) {
      case 'userMessage':
        return this.#tell({
          kind: 'message',
          data: { role: 'user', text: this.#inbox.takeEchoed(item.clientId ?? undefined, inputText(item.content)) },
        });
      case 'agentMessage':
        return this.#text.addWhole('message', item.id, item.text);
      case 'reasoning': {
        const text = [...item.summary, ...item.content].join('\n\n');
        return text === '' ? undefined : this.#tell({ kind: 'reasoning', data: { text } });
      }
      case 'plan':
        return this.#tell({ kind: 'message', data: { role: 'assistant', text: item.text } });
      case 'contextCompaction':
        return this.#tell({ kind: 'message', data: { role: 'system', text: 'The conversation was compacted.' } });
      default:
        // One whose beginning was never heard.
        if (!this.#openCalls.delete(item.id))
          this.#tell(callOf(item, this.#request.cwd) ?? { kind: 'output', data: { stream: 'stdout', text: line } });
        for (const event of resultOf(item, this.#request.cwd)) this.#tell(event);
    }
  }

  #readQuestion(id: RpcId, method: string, params: unknown, line: string): void {
    const parsed = v.safeParse(approvalSchema, params);
    if (!APPROVALS.includes(method) || !parsed.success) {
      this.#peer.refuse(id, method);
      return this.#keep(line);
    }
    const { itemId: callId, command, commandActions, reason } = parsed.output;
    const item = this.#openCalls.get(callId);
    const call = item === undefined ? undefined : callOf(item, this.#request.cwd);
    const title = command
      ? commandTitle({ command, commandActions })
      : call?.kind === 'tool.call'
        ? call.data.title
        : 'Change files';
    const input = {
      ...(command ? { command } : {}),
      ...(item?.type === 'fileChange' ? { changes: item.changes } : {}),
      ...(reason ? { reason } : {}),
    };
    this.#questions.set(String(id), id);
    this.#tell({
      kind: 'permission.request',
      data: { requestId: String(id), title, callId, input, options: [...OPTIONS] },
    });
  }

  #withdraw(requestId: string): void {
    if (this.#questions.delete(requestId))
      this.#tell({ kind: 'permission.answer', data: { requestId, outcome: 'withdrawn' } });
  }

  #endTurn(end: TurnEnd): void {
    this.#settleTurn();
    // Interrupted early, a turn never says what it was begun with. What was added to it and not taken up is said again.
    const opening = this.#inbox.take(this.#openingId);
    if (opening !== undefined) this.#host.emit({ kind: 'message', data: { role: 'user', text: opening } });
    this.#queue.unshift(...this.#inbox.takeAll());
    this.#turnId = undefined;
    this.#isInterrupting = false;
    const usage = this.#usage.take();
    if (usage !== undefined) this.#host.emit({ kind: 'usage', data: usage });
    this.#turns.end({ ...end, ...(usage === undefined ? {} : { usage }) });
    this.#next();
  }

  /** Tells what is still held back of a turn. */
  #settleTurn(): void {
    this.#text.flush();
    for (const requestId of this.#questions.keys()) this.#withdraw(requestId);
    for (const callId of this.#openCalls.keys())
      this.#host.emit({ kind: 'tool.result', data: { callId, status: 'failed', output: '' } });
    this.#openCalls.clear();
  }

  #tell(event: DraftEvent): void {
    this.#text.flush();
    this.#host.emit(event);
  }

  #keep(text: string): void {
    this.#tell({ kind: 'output', data: { stream: 'stdout', text } });
  }
}
