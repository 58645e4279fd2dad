import type { DraftEvent, EventData, Usage } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { ConversationHost } from '../driver/driver';
import { displayPath } from '../driver/displayPath';
import { EventWriter } from '../driver/eventWriter';
import type { ToolCategories } from '../driver/toolCategories';
import type { TurnEnd } from '../driver/turns';
import { Turns } from '../driver/turns';
import { addUsage } from '../driver/usage';
import { errorData } from '../driver/limits/usageLimit';

/** Records the events of a run's only turn, in the order in which the program reports them. */
export class StreamRecorder {
  readonly turns: Turns;
  readonly #events: EventWriter;
  readonly #openCallIds = new Set<string>();
  #hasSession = false;
  #usage: Usage | undefined;
  #lastError: string | undefined;

  constructor(host: ConversationHost) {
    this.turns = new Turns(host);
    this.#events = new EventWriter(host);
  }

  /** Only the first call counts: some programs repeat the id on every line. */
  session(nativeSessionId: string, backendType: string, model?: string): void {
    if (this.#hasSession) return;
    this.#hasSession = true;
    this.emit({ kind: 'agent.session', data: { nativeSessionId, backendType, ...(model ? { model } : {}) } });
  }

  text(kind: 'message' | 'reasoning', messageId: string | undefined, text: string): void {
    this.#events.addText(kind, messageId, text);
  }

  emit(event: DraftEvent): void {
    if (event.kind === 'tool.call') this.#openCallIds.add(event.data.callId);
    if (event.kind === 'tool.result') this.#openCallIds.delete(event.data.callId);
    this.#events.emit(event);
  }

  emitStderr(line: string): void {
    this.#events.emitStderr(line);
  }

  /** The usage of one step of the turn. */
  usage(step: Usage): void {
    this.#usage = addUsage(this.#usage ?? {}, step);
  }

  /** An error, which programs may repeat. The turn fails with it where no line says how the turn ended. */
  error(message: string): void {
    if (message !== this.#lastError) this.emit({ kind: 'error', data: errorData(message) });
    this.#lastError = message;
  }

  /** The end of a turn of which only an error is known; undefined where there was none. */
  get errorEnd(): TurnEnd | undefined {
    return this.#lastError === undefined ? undefined : failedEnd(this.#lastError);
  }

  failTurn(message: string): void {
    this.error(message);
    this.endTurn(failedEnd(message));
  }

  endTurn(end: TurnEnd): void {
    if (!this.turns.isOpen) return;
    this.settle();
    this.turns.reportUsage(this.#usage);
    this.turns.end(end);
  }

  /** The program reports nothing more: emits the held text, and fails the calls without a result. */
  settle(): void {
    this.#events.flush();
    for (const callId of this.#openCallIds)
      this.emit({ kind: 'tool.result', data: { callId, status: 'failed', output: '' } });
  }
}

function failedEnd(message: string): TurnEnd {
  return { stopReason: 'error', failed: true, message: oneLine(message) };
}

/** A tool call of a program that reports only the tool's name and input. */
export function toolCallOf(
  call: { callId: string; name: string; input: unknown; command: string | undefined; path: string | undefined },
  categories: ToolCategories,
  cwd: string,
): EventData<'tool.call'> {
  const { callId, name, input, command } = call;
  const path = call.path === undefined ? undefined : displayPath(call.path, [cwd]);
  return {
    callId,
    name,
    title: command ?? (path === undefined ? name : `${name} ${path}`),
    input,
    category: categories.get(name) ?? 'other',
    locations: path === undefined ? [] : [{ path }],
  };
}
