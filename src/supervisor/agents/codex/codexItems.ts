import type { EventWriter } from '../driver/eventWriter';
import { picturesField } from '../driver/pictures';
import type { ContextReport } from '../driver/usage';
import { messageEvent, type PendingMessages } from '../driver/userMessages';
import type { CodexCall, CodexItem } from './codexMessages';
import { contentOf, isCall } from './codexMessages';
import { callOf, resultOf } from './codexTools';

/** The items of a thread: messages, reasoning and tool calls, each with a beginning and an end. */
export class CodexItems {
  readonly #events: EventWriter;
  readonly #pending: PendingMessages;
  readonly #context: ContextReport;
  readonly #cwd: string;
  readonly #openCalls = new Map<string, CodexCall>();
  readonly #background = new Set<string>();

  constructor(events: EventWriter, pending: PendingMessages, context: ContextReport, cwd: string) {
    this.#events = events;
    this.#pending = pending;
    this.#context = context;
    this.#cwd = cwd;
  }

  begin(item: CodexItem): void {
    if (!isCall(item)) return;
    this.#openCalls.set(item.id, item);
    this.#events.emit({ kind: 'tool.call', data: callOf(item, this.#cwd) });
  }

  /** The tool call with this id, while it is open. */
  openCall(callId: string): CodexCall | undefined {
    return this.#openCalls.get(callId);
  }

  end(item: CodexItem): void {
    switch (item.type) {
      case 'userMessage': {
        const { text: echo, pictures } = contentOf(item.content);
        const sent = this.#pending.takeEchoed(item.clientId, echo);
        if (sent !== undefined) return this.#events.emit(messageEvent(sent));
        return this.#events.emit({ kind: 'message', data: { role: 'user', text: echo, ...picturesField(pictures) } });
      }
      case 'agentMessage':
        return this.#events.addWholeText('message', item.id, item.text);
      case 'reasoning': {
        const text = [...item.summary, ...item.content].join('\n\n');
        return text === '' ? undefined : this.#events.emit({ kind: 'reasoning', data: { text } });
      }
      case 'plan':
        return this.#events.emit({ kind: 'message', data: { role: 'assistant', text: item.text } });
      case 'contextCompaction':
        return this.#context.compacted();
      default:
        return this.#endCall(item);
    }
  }

  /** Commands that go on although their turn has ended: Codex reports their end whenever it comes. */
  get backgroundCount(): number {
    return this.#background.size;
  }

  /** The turn has ended by itself: commands that are still open are background terminals. */
  keepCommands(): void {
    for (const { id, type } of this.#openCalls.values()) if (type === 'commandExecution') this.#background.add(id);
  }

  /** The turn is over: of calls that are still open, Codex reports only the results of those in the background. */
  failOpenCalls(): void {
    const open = [...this.#openCalls.keys()].filter((callId) => !this.#background.has(callId));
    for (const callId of open) this.#fail(callId);
  }

  /** Codex has ended. */
  failAllCalls(): void {
    for (const callId of this.#openCalls.keys()) this.#fail(callId);
  }

  #fail(callId: string): void {
    this.#forget(callId);
    this.#events.emit({ kind: 'tool.result', data: { callId, status: 'failed', output: '' } });
  }

  #endCall(item: CodexCall): void {
    const wasBegun = this.#forget(item.id);
    if (!wasBegun) this.#events.emit({ kind: 'tool.call', data: callOf(item, this.#cwd) });
    for (const event of resultOf(item, this.#cwd)) this.#events.emit(event);
  }

  #forget(callId: string): boolean {
    this.#background.delete(callId);
    return this.#openCalls.delete(callId);
  }
}
