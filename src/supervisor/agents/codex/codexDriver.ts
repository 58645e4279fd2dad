/** Codex: one long-lived `codex app-server` with a thread, turns, steering, interrupts and approvals. */
import * as v from 'valibot';
import { isPictureType } from '../../../common/pictures/pictureType';
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
import type { RpcCall, RpcId } from '../driver/jsonRpc';
import { describeRpcError, JsonRpcPeer } from '../driver/jsonRpc';
import { ANSWER_OPTION, PermissionRequests, refusedRequest } from '../driver/permissionRequests';
import type { TurnEnd } from '../driver/turns';
import { INTERRUPTED, Turns } from '../driver/turns';
import {
  messageEvent,
  pathsNote,
  PendingMessages,
  type AgentAttachment,
  type UserMessage,
} from '../driver/userMessages';
import type { CodexQuestion } from './codexApprovals';
import { questionOf } from './codexApprovals';
import { CodexItems } from './codexItems';
import { launchCodex } from './codexLaunch';
import { CodexLimits } from './codexLimits';
import type { CodexNotification, CodexTurn } from './codexMessages';
import { isIgnored, parseCodexNotification } from './codexMessages';
import { askForCodexModels, CODEX_BACKEND_TYPE, openCodexThread } from './codexThread';
import { CodexUsage } from './codexUsage';

export const codexDriver: Driver = {
  backendType: CODEX_BACKEND_TYPE,
  launch: launchCodex,
  createConversation: (request, host) => new CodexConversation(request, host),
  asides: () => 'fork',
  terminalArguments: ({ programArguments, nativeSessionId }) => [...programArguments, 'resume', nativeSessionId],
};

const startedTurnSchema = v.object({ turn: v.object({ id: v.string() }) });

class CodexConversation implements Conversation {
  readonly #request: ConversationRequest;
  readonly #host: ConversationHost;
  readonly #peer: JsonRpcPeer;
  readonly #events: EventWriter;
  readonly #turns: Turns;
  readonly #items: CodexItems;
  readonly #permissions: PermissionRequests<{ id: RpcId } & Pick<CodexQuestion, 'choices' | 'answerWith'>>;
  readonly #usage: CodexUsage;
  readonly #limits = new CodexLimits();
  /** Messages that are not sent yet. */
  readonly #queue: UserMessage[];
  readonly #pending = new PendingMessages();
  /** The pending message that began the turn. */
  #openingId = '';
  #threadId: string | undefined;
  /** Set once Codex says that the turn has begun. */
  #turnId: string | undefined;
  #isInterrupting = false;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#request = request;
    this.#host = host;
    this.#queue = [{ text: request.prompt, attachments: request.attachments ?? [] }];
    this.#peer = new JsonRpcPeer((line) => host.write(line), {});
    this.#events = new EventWriter(host);
    this.#turns = new Turns(host);
    this.#usage = new CodexUsage((event) => this.#events.emit(event));
    this.#items = new CodexItems(this.#events, this.#pending, this.#usage.context, request.cwd);
    this.#permissions = new PermissionRequests((event) => this.#events.emit(event));
  }

  start(): void {
    openCodexThread(
      this.#request,
      this.#peer,
      (session) => {
        this.#threadId = session.nativeSessionId;
        this.#host.emit({ kind: 'agent.session', data: session });
        this.#beginNextTurn();
        askForCodexModels(this.#peer, (models) => this.#host.offer({ models }));
      },
      (reason, method) => this.#failTurn(reason, method),
    );
  }

  send(text: string, attachments: readonly AgentAttachment[] = []): void {
    const message = { text, attachments };
    if (this.#turnId === undefined) {
      this.#queue.push(message);
      return this.#beginNextTurn();
    }
    // Codex reads it during the turn. Where the turn ends at this moment, the message begins the next one.
    const id = this.#pending.add(message);
    const params = { ...this.#inputOf(message, id), expectedTurnId: this.#turnId };
    this.#peer.request('turn/steer', params, (outcome) => {
      if (!('error' in outcome) || this.#pending.take(id) === undefined) return;
      this.#queue.push(message);
      this.#beginNextTurn();
    });
  }

  hasQueued(): boolean {
    return this.#queue.length > 0 || this.#pending.size > 0 || this.#turns.isOpen;
  }

  get backgroundTasks(): number {
    return this.#items.backgroundCount;
  }

  interrupt(): boolean {
    if (!this.#turns.isOpen) return false;
    this.#isInterrupting = true;
    this.#sendInterrupt();
    return true;
  }

  /** Codex accepts an interrupt before it says that the turn has begun, and then goes on. */
  #sendInterrupt(): void {
    if (this.#turnId === undefined || !this.#isInterrupting) return;
    this.#isInterrupting = false;
    this.#peer.request('turn/interrupt', { threadId: this.#threadId, turnId: this.#turnId }, (outcome) => {
      if ('error' in outcome)
        this.#host.emit({ kind: 'error', data: { message: describeRpcError(outcome.error), code: 'turn/interrupt' } });
    });
  }

  #beginNextTurn(): void {
    if (this.#threadId === undefined || this.#turns.isOpen) return;
    const message = this.#queue.shift();
    if (message === undefined) return;
    this.#turns.begin();
    this.#openingId = this.#pending.add(message);
    this.#peer.requestParsed(
      'turn/start',
      this.#inputOf(message, this.#openingId),
      startedTurnSchema,
      () => undefined,
      (reason) => this.#failTurn(reason, 'turn/start'),
    );
  }

  #inputOf({ text, attachments }: UserMessage, id: string): object {
    const note = pathsNote(attachments.map(({ path }) => path));
    const texts = [text, ...(note === undefined ? [] : [note])].map((each) => ({
      type: 'text',
      text: each,
      text_elements: [],
    }));
    // Codex reads and shrinks them itself.
    const pictures = attachments
      .filter(({ reference }) => isPictureType(reference.mediaType))
      .map(({ path }) => ({ type: 'localImage', path }));
    return { threadId: this.#threadId, clientUserMessageId: id, input: [...texts, ...pictures] };
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    if (stream === 'stderr') return this.#events.emitStderr(line);
    const rest = this.#peer.read(line, (call) => this.#readCall(call, line));
    if (rest !== '') this.#events.emitOutput(rest);
  }

  #readCall({ id, method, params }: RpcCall, line: string): void {
    if (id !== undefined) return this.#readRequest(id, method, params, line);
    const notification = parseCodexNotification({ method, params });
    const isOurs =
      notification !== undefined &&
      (!('threadId' in notification.params) || notification.params.threadId === this.#threadId);
    if (isOurs) this.#readNotification(notification);
    else if (!isIgnored(method)) this.#events.emitOutput(line);
  }

  #readNotification(notification: CodexNotification): void {
    switch (notification.method) {
      case 'turn/started':
        this.#turns.begin();
        this.#turnId = notification.params.turn.id;
        return this.#sendInterrupt();
      case 'turn/completed':
        return this.#readTurnEnd(notification.params.turn);
      case 'item/started':
        return this.#items.begin(notification.params.item);
      case 'item/completed':
        return this.#items.end(notification.params.item);
      case 'item/agentMessage/delta':
        return this.#events.addText('message', notification.params.itemId, notification.params.delta);
      case 'thread/tokenUsage/updated': {
        const { tokenUsage, turnId } = notification.params;
        return this.#host.usedInTurn(this.#usage.update(tokenUsage, turnId === this.#turnId));
      }
      case 'turn/plan/updated': {
        const entries = notification.params.plan.map(({ step, status }) => ({
          text: step,
          status: status === 'inProgress' ? ('in_progress' as const) : status,
        }));
        return this.#events.emit({ kind: 'plan', data: { entries } });
      }
      case 'error': {
        const { error, willRetry } = notification.params;
        const message = error.additionalDetails ? `${error.message}: ${error.additionalDetails}` : error.message;
        return this.#events.emit({
          kind: 'error',
          data: { message: describeRpcError({ message }), ...(willRetry ? { retrying: true } : {}) },
        });
      }
      case 'account/rateLimits/updated':
        return this.#limits.read(notification.params);
      case 'serverRequest/resolved':
        return this.#permissions.withdraw(String(notification.params.requestId));
      case 'configWarning':
        return this.#emitSystemMessage(notification.params.summary);
      default:
        return this.#emitSystemMessage(notification.params.message);
    }
  }

  #readTurnEnd({ status, error }: CodexTurn): void {
    if (status === 'interrupted') return this.#endTurn(INTERRUPTED);
    if (status === 'completed') this.#items.keepCommands();
    if (status === 'completed') return this.#endTurn({ stopReason: 'end_turn', failed: false });
    const message = describeRpcError({ message: error?.message ?? `The turn ended as ${status}` });
    this.#events.emit({ kind: 'error', data: this.#limits.errorOf(message, error?.codexErrorInfo) });
    this.#endTurn({ stopReason: status, failed: true, message });
  }

  #endTurn(end: TurnEnd): void {
    this.#settleTurn();
    // An early interrupt leaves the opening message without an echo. Later messages without one are sent again.
    const opening = this.#pending.take(this.#openingId);
    if (opening !== undefined) this.#host.emit(messageEvent(opening));
    this.#queue.unshift(...this.#pending.takeAll());
    this.#turnId = undefined;
    this.#isInterrupting = false;
    this.#turns.reportUsage(this.#usage.take());
    this.#turns.end(end);
    this.#beginNextTurn();
  }

  /** Codex refused a request that the turn depends on. */
  #failTurn(reason: string, method: string): void {
    this.#settleTurn();
    this.#turns.fail(this.#takeUndelivered(), `The agent could not begin: ${reason}`, method);
  }

  #readRequest(id: RpcId, method: string, params: unknown, line: string): void {
    const openCall = this.#items.openCall.bind(this.#items);
    const question = questionOf(method, params, { cwd: this.#request.cwd, openCall });
    if (question === undefined) {
      this.#peer.refuse(id, method);
      this.#events.emitOutput(line);
      return this.#events.emit(refusedRequest(method));
    }
    const { request, choices, answerWith } = question;
    const options = choices.map(({ option }) => option);
    const answerOption = answerWith === undefined ? {} : { answerOption: ANSWER_OPTION };
    this.#permissions.add({ requestId: String(id), ...request, options, ...answerOption }, { id, choices, answerWith });
  }

  answerPermission(requestId: string, optionId: string, { message, answers }: SaidAnswer = {}): void {
    const waiting = this.#permissions.get(requestId);
    const response =
      answers !== undefined && optionId === ANSWER_OPTION
        ? waiting?.answerWith?.(answers)
        : waiting?.choices.find(({ option }) => option.optionId === optionId)?.response;
    if (waiting === undefined || response === undefined) return;
    this.#permissions.delete(requestId);
    this.#peer.respond(waiting.id, response);
    // The protocol has no field for a person's message, so it is sent as the next one.
    if (message !== undefined && message.trim() !== '') this.send(message);
  }

  end(exit: AgentExit): Ending {
    this.#settleTurn();
    this.#items.failAllCalls();
    return this.#turns.close(exit, this.#takeUndelivered());
  }

  /** Emits what is still held back of the turn. */
  #settleTurn(): void {
    this.#events.flush();
    this.#permissions.withdrawAll();
    this.#items.failOpenCalls();
  }

  #takeUndelivered(): UserMessage[] {
    return [...this.#pending.takeAll(), ...this.#queue.splice(0)];
  }

  #emitSystemMessage(text: string): void {
    this.#events.emit({ kind: 'message', data: { role: 'system', text } });
  }
}
