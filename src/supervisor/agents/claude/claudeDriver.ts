/** Claude Code: one long-lived process that speaks `stream-json` on both pipes, with follow-ups and permissions. */
import { randomUUID } from 'node:crypto';
import type { Picture } from '../../../storage/events';
import type {
  AgentExit,
  Conversation,
  ConversationHost,
  ConversationRequest,
  Driver,
  SaidAnswer,
} from '../driver/driver';
import { nameOfPictures, pictureOf, picturesField } from '../driver/pictures';
import { refusalText, refusedRequest } from '../driver/permissionRequests';
import { Turns } from '../driver/turns';
import { messageEvent, PendingMessages, type AgentAttachment } from '../driver/userMessages';
import type { ClaudeBlock, ClaudeMessage, ClaudeOf } from './claudeMessages';
import { blocksOf, isNote, parseBlock, parseClaudeLine, subtypeOf, userMessage } from './claudeMessages';
import { launchClaude } from './claudeLaunch';
import { ClaudeLimits } from './claudeLimits';
import { ClaudeOffers } from './claudeOffers';
import { ClaudePartialMessage } from './claudePartialMessage';
import { ClaudePermissions } from './claudePermissions';
import { ClaudeUsage, retryError, turnEndOf } from './claudeResults';
import { ClaudeTasks } from './claudeTasks';
import { ClaudeToolCalls } from './claudeToolCalls';
import { notesOf, userContentOf } from './claudeUserText';

const BACKEND_TYPE = 'claude';

export const claudeDriver: Driver = {
  backendType: BACKEND_TYPE,
  launch: launchClaude,
  asides: () => 'fork',
  createConversation: (request, host) => new ClaudeConversation(request, host),
  terminalArguments: ({ programArguments, nativeSessionId }) => [...programArguments, `--resume=${nativeSessionId}`],
};

class ClaudeConversation implements Conversation {
  readonly #request: ConversationRequest;
  readonly #host: ConversationHost;
  readonly #turns: Turns;
  readonly #toolCalls: ClaudeToolCalls;
  readonly #permissions: ClaudePermissions;
  readonly #usage: ClaudeUsage;
  readonly #offers: ClaudeOffers;
  readonly #limits = new ClaudeLimits();
  readonly #tasks = new ClaudeTasks();
  readonly #partialMessage = new ClaudePartialMessage();
  readonly #pending = new PendingMessages();
  #nativeSessionId: string | undefined;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#request = request;
    this.#host = host;
    this.#turns = new Turns(host);
    this.#toolCalls = new ClaudeToolCalls((event) => host.emit(event), request.cwd);
    this.#permissions = new ClaudePermissions((event) => host.emit(event));
    this.#usage = new ClaudeUsage(request.resumes !== undefined, (event) => host.emit(event));
    this.#offers = new ClaudeOffers(
      (told) => host.offer(told),
      (message) => this.#write(message),
    );
  }

  start(): void {
    this.send(this.#request.prompt, this.#request.attachments);
  }

  send(text: string, attachments: readonly AgentAttachment[] = []): void {
    const message = { text, attachments };
    this.#write(userMessage(message, this.#pending.add(message)));
  }

  hasQueued(): boolean {
    return this.#pending.size > 0;
  }

  get backgroundTasks(): number {
    return this.#tasks.count;
  }

  interrupt(): boolean {
    this.#write({ type: 'control_request', request_id: randomUUID(), request: { subtype: 'interrupt' } });
    return true;
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    const { leadingText, message } =
      stream === 'stdout' ? parseClaudeLine(line) : { leadingText: line, message: undefined };
    if (leadingText !== '') this.#host.emit({ kind: 'output', data: { stream, text: leadingText } });
    if (message !== undefined) this.#readMessage(message, line);
  }

  #readMessage(message: ClaudeMessage, line: string): void {
    switch (message.type) {
      case 'system':
        return this.#readSystem(message);
      case 'assistant':
        return this.#readAssistant(message);
      case 'user':
        return this.#readUser(message);
      case 'stream_event':
        if (message.parent_tool_use_id === null || message.parent_tool_use_id === undefined)
          this.#partialMessage.read(message.event);
        return;
      case 'result':
        return this.#readResult(message);
      case 'control_request':
        return this.#readControlRequest(message, line);
      case 'control_cancel_request':
        return this.#permissions.withdraw(message.request_id);
      case 'control_response':
        // Any other success only repeats an answer of ours.
        if (!this.#offers.readAnswer(message) && message.response.subtype === 'error')
          this.#host.emit({ kind: 'error', data: { message: message.response.error, code: 'control_request' } });
        return;
      case 'command_lifecycle':
        return this.#readLifecycle(message);
      case 'rate_limit_event':
        return this.#limits.read(message);
      default:
        message.type satisfies 'keep_alive' | 'tool_progress';
    }
  }

  #readSystem(message: ClaudeOf<'system'>): void {
    switch (message.subtype) {
      case 'init':
        return this.#readInit(message);
      case 'api_retry':
        return this.#host.emit({ kind: 'error', data: retryError(message) });
      case 'permission_denied':
        return this.#toolCalls.deny(message.tool_use_id);
      case 'informational':
        return this.#emitMessage('system', message.content);
      case 'compact_boundary':
        return this.#usage.context.readCompaction(message);
      case 'background_tasks_changed':
      case 'task_started':
      case 'task_updated':
        return this.#tasks.read(message);
      case 'task_notification':
        this.#tasks.read(message);
        return this.#emitMessage('system', `Task ${message.status}: ${message.summary}`);
      default:
        // Progress that later messages report in full.
        message.subtype satisfies 'status' | 'thinking_tokens' | 'task_progress';
    }
  }

  /** Claude sends this at the start of every turn. */
  #readInit(message: Extract<ClaudeMessage, { subtype: 'init' }>): void {
    const { session_id: nativeSessionId, cwd, model, claude_code_version: version, permissionMode } = message;
    if (typeof cwd === 'string') this.#toolCalls.addRoot(cwd);
    if (nativeSessionId !== this.#nativeSessionId) {
      this.#nativeSessionId = nativeSessionId;
      this.#host.emit({
        kind: 'agent.session',
        data: {
          nativeSessionId,
          backendType: BACKEND_TYPE,
          ...(model ? { model } : {}),
          ...(version ? { version } : {}),
          ...(permissionMode ? { permissionMode } : {}),
        },
      });
    }
    this.#turns.begin();
    this.#offers.readNames(message.slash_commands);
  }

  #readAssistant(message: ClaudeOf<'assistant'>): void {
    const parentCallId = message.parent_tool_use_id ?? undefined;
    this.#turns.begin();
    this.#host.usedInTurn(this.#usage.readRequest(message));
    for (const raw of blocksOf(message.message.content)) {
      const block = parseBlock(raw);
      switch (block?.type) {
        case 'text':
        case 'thinking':
          this.#readText(block, message, parentCallId);
          break;
        case 'tool_use':
        case 'server_tool_use':
          this.#toolCalls.readCall(block, parentCallId);
          break;
        case 'redacted_thinking':
          break;
        default:
          this.#emitUnknown(raw);
      }
    }
  }

  #readText(
    block: Extract<ClaudeBlock, { type: 'text' | 'thinking' }>,
    { message, is_api_error_message: isApiError, error }: ClaudeOf<'assistant'>,
    parentCallId: string | undefined,
  ): void {
    if (parentCallId === undefined) this.#partialMessage.settle(message.id ?? undefined, block.type);
    const text = block.type === 'text' ? block.text : block.thinking;
    if (isApiError) this.#host.emit({ kind: 'error', data: this.#limits.errorOf(text, error ?? undefined) });
    // A sub-agent speaks to the agent, not to the user.
    else if (block.type === 'thinking' || parentCallId !== undefined)
      this.#host.emit({ kind: 'reasoning', data: { text, ...(parentCallId ? { parentCallId } : {}) } });
    else this.#emitMessage('assistant', text);
  }

  #readUser(message: ClaudeOf<'user'>): void {
    const blocks = blocksOf(message.message.content);
    if (message.isReplay && !isNote(message)) return this.#readEcho(message.uuid ?? undefined, blocks);
    const resultCount = blocks.filter((raw) => parseBlock(raw)?.type === 'tool_result').length;
    for (const raw of blocks) {
      const block = parseBlock(raw);
      if (block?.type === 'tool_result') {
        this.#permissions.withdrawAll(block.tool_use_id);
        this.#toolCalls.readResult(block, message, resultCount === 1);
      } else if (block?.type === 'text') {
        // Nobody typed this: it is a sub-agent's task, or a note of the program such as the mark of an interrupt.
        const parentCallId = message.parent_tool_use_id;
        if (parentCallId) this.#host.emit({ kind: 'reasoning', data: { text: block.text, parentCallId } });
        else for (const note of notesOf(block.text)) this.#emitMessage('system', note);
      } else {
        this.#emitUnknown(raw);
      }
    }
  }

  /** Claude echoes messages that waited together as one: each is emitted once, as it was sent. */
  #readEcho(uuid: string | undefined, blocks: readonly unknown[]): void {
    this.#turns.begin();
    const sent = uuid === undefined ? undefined : this.#pending.take(uuid);
    if (sent !== undefined) return this.#host.emit(messageEvent(sent));
    const { echo, words, notes, pictures, others } = userContentOf(blocks);
    this.#pending.takeEchoed(undefined, echo);
    for (const note of notes) this.#emitMessage('system', note);
    if (words !== '') this.#emitMessage('user', words, pictures);
    for (const other of others) this.#emitUnknown(other);
  }

  /** Some accepted messages have no echo: only this says that Claude is done with them. */
  #readLifecycle({ state, command_uuid: uuid }: ClaudeOf<'command_lifecycle'>): void {
    const sent = state === 'completed' || state === 'cancelled' ? this.#pending.take(uuid) : undefined;
    if (sent !== undefined) this.#host.emit(messageEvent(sent));
  }

  #readResult(result: ClaudeOf<'result'>): void {
    this.#turns.begin();
    this.#permissions.withdrawAll();
    this.#partialMessage.drop();
    this.#turns.reportUsage(this.#usage.take(result));
    const end = turnEndOf(result);
    for (const data of this.#limits.takeUntold(end)) this.#host.emit({ kind: 'error', data });
    this.#turns.end(end);
  }

  #readControlRequest({ request_id: requestId, request }: ClaudeOf<'control_request'>, line: string): void {
    const ask = this.#permissions.questionOf(requestId, request, this.#toolCalls);
    if (ask !== undefined) {
      this.#turns.begin();
      return ask();
    }
    // Without an answer Claude would wait for ever.
    const subtype = subtypeOf(request);
    const response = { subtype: 'error', request_id: requestId, error: refusalText(subtype) };
    this.#write({ type: 'control_response', response });
    this.#host.emit({ kind: 'output', data: { stream: 'stdout', text: line } });
    this.#host.emit(refusedRequest(subtype));
  }

  answerPermission(requestId: string, optionId: string, { message, answers }: SaidAnswer = {}): void {
    const answer = this.#permissions.answer(requestId, optionId, { message, answers });
    if (answer === undefined) return;
    if (answer.deniedCallId !== undefined) this.#toolCalls.deny(answer.deniedCallId);
    const response = { subtype: 'success', request_id: requestId, response: answer.response };
    this.#write({ type: 'control_response', response });
    if (answer.unsaid !== undefined) this.send(answer.unsaid);
  }

  end(exit: AgentExit): ReturnType<Conversation['end']> {
    for (const event of this.#partialMessage.take()) this.#host.emit(event);
    this.#permissions.withdrawAll();
    return this.#turns.close(exit, this.#pending.takeAll());
  }

  #emitMessage(role: 'user' | 'assistant' | 'system', text: string, pictures: readonly Picture[] = []): void {
    this.#host.emit({ kind: 'message', data: { role, text, ...picturesField(pictures) } });
  }

  #emitUnknown(block: unknown): void {
    const picture = pictureOf(block);
    if (picture !== undefined) return this.#emitMessage('system', nameOfPictures(1), [picture]);
    this.#host.emit({ kind: 'output', data: { stream: 'stdout', text: JSON.stringify(block) } });
  }

  #write(message: object): void {
    this.#host.write(`${JSON.stringify(message)}\n`);
  }
}
