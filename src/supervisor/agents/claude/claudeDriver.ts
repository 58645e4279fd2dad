/** Claude Code: one long-lived process that speaks `stream-json` on both pipes, follow-ups and permissions included. */
import { randomUUID } from 'node:crypto';
import type { EventData } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';

import type { ClaudeMessage, ClaudeOf, ClaudeResult } from './claudeMessages';
import { blocksOf, isRefused, parseBlock, parseCanUseTool, parseClaudeLine } from './claudeMessages';
import { ClaudePartials } from './claudePartials';
import { ClaudeRequests } from './claudePermissions';
import { ClaudeCosts, judgeClaude, retryError, turnEndOf } from './claudeResults';
import { describeTool, fileChangeOf, planOf, resultText } from './claudeTools';
import type { AgentExit, Conversation, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { imposedEnding } from '../driver/ending';
import { Inbox } from '../driver/inbox';

const BACKEND_TYPE = 'claude';
const MODES: Record<PermissionMode, string> = { ask: 'default', edits: 'acceptEdits', all: 'bypassPermissions' };

export const claudeDriver: Driver = {
  backendType: BACKEND_TYPE,
  launch({ program, programArguments, permissionMode, model, resumes }) {
    const argv = [
      program,
      ...programArguments,
      '-p',
      ...[
        '--input-format',
        'stream-json',
        '--output-format',
        'stream-json',
        '--verbose',
        '--include-partial-messages',
        '--replay-user-messages',
      ],
      ...['--permission-prompt-tool', 'stdio', '--permission-mode', MODES[permissionMode]],
      // With `=`, so that no value can be read as an option of its own.
      ...(model === undefined ? [] : [`--model=${model}`]),
      ...(resumes === undefined ? [] : [`--resume=${resumes}`]),
    ];
    return { argv, environment: {}, promptInArguments: false };
  },
  converse: (request, host) => new ClaudeConversation(request, host),
  terminal: ({ programArguments, nativeSessionId }) => [...programArguments, `--resume=${nativeSessionId}`],
};

class ClaudeConversation implements Conversation {
  readonly #prompt: string;
  readonly #host: ConversationHost;
  /** The working directory in every spelling heard of: the agent resolves links. */
  readonly #roots: string[];
  readonly #costs: ClaudeCosts;
  readonly #partials = new ClaudePartials();
  readonly #inbox = new Inbox();
  readonly #requests = new ClaudeRequests();
  readonly #deniedCalls = new Set<string>();
  #nativeSessionId: string | undefined;
  #turn = 0;
  #isTurnOpen = false;
  #lastResult: ClaudeResult | undefined;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#prompt = request.prompt;
    this.#host = host;
    this.#roots = [request.cwd];
    this.#costs = new ClaudeCosts(request.resumes !== undefined);
  }

  start(): void {
    this.send(this.#prompt);
  }

  send(text: string): void {
    const uuid = this.#inbox.add(text);
    this.#write({
      type: 'user',
      message: { role: 'user', content: [{ type: 'text', text }] },
      parent_tool_use_id: null,
      session_id: '',
      uuid,
    });
  }

  hasQueued(): boolean {
    return this.#inbox.size > 0;
  }

  interrupt(): boolean {
    this.#write({ type: 'control_request', request_id: randomUUID(), request: { subtype: 'interrupt' } });
    return true;
  }

  answerPermission(requestId: string, optionId: string, message: string | undefined): void {
    const answer = this.#requests.answer(requestId, optionId, message);
    if (answer === undefined) return;
    if (answer.deniedCallId !== undefined) this.#deniedCalls.add(answer.deniedCallId);
    this.#write({
      type: 'control_response',
      response: { subtype: 'success', request_id: requestId, response: answer.body },
    });
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    const { foreign, message } = stream === 'stdout' ? parseClaudeLine(line) : { foreign: line, message: undefined };
    if (foreign !== '') this.#host.emit({ kind: 'output', data: { stream, text: foreign } });
    if (message !== undefined) this.#readMessage(message, line);
  }

  end(exit: AgentExit): Ending {
    for (const event of this.#partials.take()) this.#host.emit(event);
    this.#withdrawRequests();
    const ending =
      imposedEnding(exit) ?? judgeClaude(exit, this.#isTurnOpen ? undefined : this.#lastResult, this.#turn);
    const unread = this.#inbox.takeAll();
    for (const text of unread) this.#say('user', text);
    if (unread.length > 0)
      this.#host.emit({
        kind: 'error',
        data: { message: 'The agent ended before it took up the last message.', code: 'not_delivered' },
      });
    if (this.#isTurnOpen) this.#endTurn({ stopReason: 'process_ended', failed: true, message: ending.reason });
    return ending;
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
          this.#partials.read(message.event);
        return;
      case 'result':
        return this.#readResult(message);
      case 'control_request':
        return this.#readControlRequest(message, line);
      case 'control_cancel_request':
        return this.#withdraw(message.request_id);
      case 'control_response':
        // Successes are echoes of our own answers.
        if (message.response.subtype === 'error')
          this.#host.emit({ kind: 'error', data: { message: message.response.error, code: 'control_request' } });
        return;
      case 'command_lifecycle':
        return this.#readLifecycle(message);
      default:
        message.type satisfies 'rate_limit_event' | 'keep_alive' | 'tool_progress';
    }
  }

  #readSystem(message: ClaudeOf<'system'>): void {
    switch (message.subtype) {
      case 'init': {
        const { cwd, model, claude_code_version: version, permissionMode } = message;
        if (typeof cwd === 'string' && !this.#roots.includes(cwd)) this.#roots.push(cwd);
        if (message.session_id !== this.#nativeSessionId) {
          this.#nativeSessionId = message.session_id;
          const data = { nativeSessionId: message.session_id, backendType: BACKEND_TYPE };
          this.#host.emit({
            kind: 'agent.session',
            data: {
              ...data,
              ...(model ? { model } : {}),
              ...(version ? { version } : {}),
              ...(permissionMode ? { permissionMode } : {}),
            },
          });
        }
        return this.#beginTurn();
      }
      case 'api_retry':
        this.#host.emit({ kind: 'error', data: retryError(message) });
        return;
      case 'permission_denied':
        this.#deniedCalls.add(message.tool_use_id);
        return;
      case 'informational':
        return this.#say('system', message.content);
      case 'compact_boundary':
        return this.#say('system', 'The conversation was compacted.');
      case 'task_notification':
        return this.#say('system', `Task ${message.status}: ${message.summary}`);
      default:
        // Progress that other lines tell again.
        message.subtype satisfies 'status' | 'thinking_tokens' | 'task_started';
    }
  }

  #readAssistant(message: ClaudeOf<'assistant'>): void {
    const parentCallId = message.parent_tool_use_id ?? undefined;
    this.#beginTurn();
    for (const raw of blocksOf(message.message.content)) {
      const block = parseBlock(raw);
      switch (block?.type) {
        case 'text':
        case 'thinking': {
          if (parentCallId === undefined) this.#partials.settle(message.message.id ?? undefined, block.type);
          const text = block.type === 'text' ? block.text : block.thinking;
          if (message.is_api_error_message)
            this.#host.emit({
              kind: 'error',
              data: { message: text, ...(message.error ? { code: message.error } : {}) },
            });
          // What a sub-agent says is said to the agent, not to the user.
          else if (block.type === 'thinking' || parentCallId !== undefined)
            this.#host.emit({ kind: 'reasoning', data: { text } });
          else this.#say('assistant', text);
          break;
        }
        case 'tool_use':
        case 'server_tool_use': {
          const { id: callId, name, input } = block;
          const parent = parentCallId === undefined ? {} : { parentCallId };
          this.#host.emit({
            kind: 'tool.call',
            data: { callId, name, input, ...describeTool(name, input, this.#roots), ...parent },
          });
          const plan = planOf(name, input);
          if (plan !== undefined) this.#host.emit({ kind: 'plan', data: plan });
          break;
        }
        case 'redacted_thinking':
          break;
        default:
          this.#keep(raw);
      }
    }
  }

  #readUser(message: ClaudeOf<'user'>): void {
    const blocks = blocksOf(message.message.content);
    if (message.isReplay) return this.#readEcho(message.uuid ?? undefined, blocks);
    const results = blocks.filter((raw) => parseBlock(raw)?.type === 'tool_result').length;
    for (const raw of blocks) {
      const block = parseBlock(raw);
      if (block?.type === 'tool_result') {
        const callId = block.tool_use_id;
        for (const requestId of this.#requests.idsOf(callId)) this.#withdraw(requestId);
        const isDenied =
          block.is_error && (this.#deniedCalls.has(callId) || isRefused(message.tool_result_meta, callId));
        this.#host.emit({
          kind: 'tool.result',
          data: {
            callId,
            status: isDenied ? 'denied' : block.is_error ? 'failed' : 'ok',
            output: resultText(block.content),
          },
        });
        const change =
          results === 1 && !block.is_error ? fileChangeOf(message.tool_use_result, callId, this.#roots) : undefined;
        if (change !== undefined) this.#host.emit({ kind: 'file.change', data: change });
      } else if (block?.type === 'text') {
        // Nobody typed this: what a sub-agent is told, or a note of the program such as the mark of an interrupt.
        if (message.parent_tool_use_id) this.#host.emit({ kind: 'reasoning', data: { text: block.text } });
        else this.#say('system', block.text);
      } else {
        this.#keep(raw);
      }
    }
  }

  /** The agent's echo of what a user said. Messages that waited together are echoed as one: what was sent counts, so that nothing is told twice. */
  #readEcho(uuid: string | undefined, blocks: readonly unknown[]): void {
    this.#beginTurn();
    const echo = blocks
      .map((raw) => parseBlock(raw))
      .map((block) => (block?.type === 'text' ? block.text : ''))
      .join('');
    this.#say('user', this.#inbox.takeEchoed(uuid, echo));
  }

  /** A message whose echo never came: it was heard all the same. */
  #readLifecycle(message: ClaudeOf<'command_lifecycle'>): void {
    const text =
      message.state === 'completed' || message.state === 'cancelled'
        ? this.#inbox.take(message.command_uuid)
        : undefined;
    if (text !== undefined) this.#say('user', text);
  }

  #readResult(result: ClaudeResult): void {
    this.#beginTurn();
    this.#withdrawRequests();
    this.#partials.drop();
    this.#lastResult = result;
    const usage = this.#costs.usageOf(result);
    if (usage !== undefined) this.#host.emit({ kind: 'usage', data: usage });
    this.#endTurn({ ...turnEndOf(result), ...(usage === undefined ? {} : { usage }) });
  }

  #readControlRequest(message: ClaudeOf<'control_request'>, line: string): void {
    const request = parseCanUseTool(message.request);
    if (request === undefined) {
      // Unanswered, it would wait for ever.
      this.#write({
        type: 'control_response',
        response: { subtype: 'error', request_id: message.request_id, error: 'Unsupported control request' },
      });
      this.#host.emit({ kind: 'output', data: { stream: 'stdout', text: line } });
      return;
    }
    this.#beginTurn();
    const { tool_name: toolName, input } = request;
    const callId = request.tool_use_id ?? undefined;
    const title = describeTool(toolName, input, this.#roots).title;
    const options = this.#requests.add(message.request_id, request);
    this.#host.emit({
      kind: 'permission.request',
      data: {
        requestId: message.request_id,
        title,
        toolName,
        input,
        options,
        ...(callId === undefined ? {} : { callId }),
      },
    });
  }

  #withdrawRequests(): void {
    for (const requestId of this.#requests.idsOf()) this.#withdraw(requestId);
  }

  #withdraw(requestId: string): void {
    if (this.#requests.take(requestId))
      this.#host.emit({ kind: 'permission.answer', data: { requestId, outcome: 'withdrawn' } });
  }

  #beginTurn(): void {
    if (this.#isTurnOpen) return;
    this.#isTurnOpen = true;
    this.#turn += 1;
    this.#host.emit({ kind: 'turn.started', data: { turn: this.#turn } });
  }

  #endTurn(end: Omit<EventData<'turn.ended'>, 'turn'>): void {
    this.#isTurnOpen = false;
    this.#host.emit({ kind: 'turn.ended', data: { turn: this.#turn, ...end } });
  }

  #say(role: 'user' | 'assistant' | 'system', text: string): void {
    this.#host.emit({ kind: 'message', data: { role, text } });
  }

  #keep(block: unknown): void {
    this.#host.emit({ kind: 'output', data: { stream: 'stdout', text: JSON.stringify(block) } });
  }

  #write(message: object): void {
    this.#host.write(`${JSON.stringify(message)}\n`);
  }
}
