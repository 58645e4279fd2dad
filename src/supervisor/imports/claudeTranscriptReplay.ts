import type { DraftEvent } from '../../storage/events';
import { claudeDriver } from '../agents/claude/claudeDriver';
import type { Conversation } from '../agents/driver/driver';
import { isInterrupt, isPrompt, parseTranscriptLine } from './claudeTranscriptLine';
import type { TimedEvent } from './nativeSession';
import { exitOfTranscript } from './nativeSession';

/** All other types are notes that Claude makes for itself. */
const CONVERSATION_TYPES = ['user', 'assistant', 'system'];

/** Sends the lines of a transcript to Claude's driver as protocol messages. The events keep the times of the lines. */
export class ClaudeTranscriptReplay {
  readonly #nativeSessionId: string;
  readonly #cwd: string;
  readonly #conversation: Conversation;
  #events: DraftEvent[] = [];
  #timestamp = new Date(0).toISOString();
  #hasBegun = false;
  #isTurnOpen = false;
  /** That of the last line, where it is the agent's. */
  #stopReason: string | undefined;
  /** How many lines of each other type there were. */
  readonly #otherTypes = new Map<string, number>();

  constructor(nativeSessionId: string, cwd: string) {
    this.#nativeSessionId = nativeSessionId;
    this.#cwd = cwd;
    this.#conversation = claudeDriver.createConversation(
      { prompt: '', argv: [], cwd, permissionMode: 'ask', resumes: nativeSessionId },
      {
        emit: (event) => void this.#events.push(event),
        write: () => undefined,
        closeInput: () => undefined,
        offer: () => undefined,
        usedInTurn: () => undefined,
      },
    );
  }

  *readLine(text: string): Generator<TimedEvent, void> {
    const line = parseTranscriptLine(text);
    if (line === undefined || line.isSidechain === true) {
      yield this.unread(text);
      return;
    }
    if (line.timestamp !== undefined) this.#timestamp = line.timestamp;
    if (!CONVERSATION_TYPES.includes(line.type)) {
      this.#otherTypes.set(line.type, (this.#otherTypes.get(line.type) ?? 0) + 1);
      return;
    }
    if (!this.#hasBegun) yield* this.#begin(line.version);
    if (line.type === 'system') return yield* this.#send(line);
    if (line.message?.content === undefined) {
      yield this.unread(text);
      return;
    }
    const isTyped = isPrompt(line);
    if (isTyped && this.#isTurnOpen && this.#stopReason !== undefined) yield* this.#endTurn();
    this.#isTurnOpen = true;
    this.#stopReason = line.type === 'assistant' ? line.message.stop_reason : undefined;
    yield* this.#send({
      ...line,
      isReplay: isTyped,
      uuid: undefined,
      is_api_error_message: line.isApiErrorMessage === true,
      tool_use_result: line.toolUseResult,
    });
    if (isInterrupt(line)) yield* this.#endTurn('aborted_streaming');
  }

  /** A part of the transcript that is kept as it is. */
  unread(text: string): TimedEvent {
    return this.#at({ kind: 'output', data: { stream: 'stdout', text } });
  }

  *end(): Generator<TimedEvent, void> {
    if (this.#isTurnOpen && this.#stopReason === 'end_turn') yield* this.#endTurn();
    const exit = exitOfTranscript(
      this.#conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }),
    );
    yield* this.#takeEvents();
    const counts = [...this.#otherTypes].map(([type, count]) => `${count} × ${type}`).join(', ');
    if (counts !== '') {
      const text = `Not part of the conversation, and not read: ${counts}`;
      yield this.#at({ kind: 'message', data: { role: 'system', text } });
    }
    yield this.#at(exit);
  }

  *#begin(version: string | undefined): Generator<TimedEvent, void> {
    this.#hasBegun = true;
    yield* this.#send({
      type: 'system',
      subtype: 'init',
      session_id: this.#nativeSessionId,
      cwd: this.#cwd,
      claude_code_version: version,
    });
  }

  /** `terminalReason` says why the turn did not end by itself. */
  *#endTurn(terminalReason?: string): Generator<TimedEvent, void> {
    this.#isTurnOpen = false;
    yield* this.#send({
      type: 'result',
      subtype: 'success',
      is_error: false,
      stop_reason: this.#stopReason,
      terminal_reason: terminalReason,
      session_id: this.#nativeSessionId,
    });
  }

  *#send(message: object): Generator<TimedEvent, void> {
    this.#conversation.readLine('stdout', JSON.stringify(message));
    yield* this.#takeEvents();
  }

  *#takeEvents(): Generator<TimedEvent, void> {
    const events = this.#events;
    this.#events = [];
    for (const event of events) yield this.#at(event);
  }

  #at(event: DraftEvent): TimedEvent {
    return { timestamp: this.#timestamp, event };
  }
}
