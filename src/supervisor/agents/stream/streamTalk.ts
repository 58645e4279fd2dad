import type { DraftEvent, Usage } from '../../../storage/events';
import type { PermissionMode } from '../../../storage/sessionRecords';
import { oneLine } from '../../../common/oneLine';
import type { AgentExit, ConversationHost, ConversationRequest } from '../driver/driver';
import { StreamedText } from '../driver/streamedText';
import type { TurnEnd } from '../driver/turns';
import { Turns } from '../driver/turns';

/** What a program that works off one prompt and ends is started with: its prompt comes by standard input. */
export interface StreamLaunch {
  permissionMode: PermissionMode;
  model: string | undefined;
  resumes: string | undefined;
}

/** How one program's lines are understood. */
export interface StreamListener {
  /** False where the value is of no known shape. */
  read(value: unknown): boolean;
  /** How the turn ended, where no line said it. Undefined where it was cut short. */
  endOf(exit: AgentExit): TurnEnd | undefined;
}

/** Everything that is known of one program's output. */
export interface StreamDialect {
  launch(request: StreamLaunch): { words: string[]; environment?: Record<string, string> };
  /** What makes the program go on with a session in a terminal. */
  terminal(nativeSessionId: string): string[];
  listen(talk: StreamTalk, request: ConversationRequest): StreamListener;
}

/** What a listener says of its agent: one turn, in the order in which it was heard. */
export class StreamTalk {
  readonly turns: Turns;
  readonly #host: ConversationHost;
  readonly #text: StreamedText;
  readonly #openCalls = new Set<string>();
  #isSessionTold = false;
  #usage: Usage | undefined;
  #failure: string | undefined;

  constructor(host: ConversationHost) {
    this.#host = host;
    this.turns = new Turns(host);
    this.#text = new StreamedText(host);
  }

  /** Told once, however often the program repeats it. */
  session(nativeSessionId: string, backendType: string, model?: string | null): void {
    if (this.#isSessionTold) return;
    this.#isSessionTold = true;
    this.tell({ kind: 'agent.session', data: { nativeSessionId, backendType, ...(model ? { model } : {}) } });
  }

  say(kind: 'message' | 'reasoning', messageId: string | undefined, text: string): void {
    this.#text.add(kind, messageId, text);
  }

  tell(event: DraftEvent): void {
    this.#text.flush();
    if (event.kind === 'tool.call') this.#openCalls.add(event.data.callId);
    if (event.kind === 'tool.result') this.#openCalls.delete(event.data.callId);
    this.#host.emit(event);
  }

  /** Tells what is held back: the program has ended, and what it has not finished never will be. */
  settle(): void {
    this.#text.flush();
    for (const callId of this.#openCalls)
      this.tell({ kind: 'tool.result', data: { callId, status: 'failed', output: '' } });
  }

  /** Of one step of the turn. */
  use({ inputTokens = 0, outputTokens = 0, cachedTokens = 0, costUsd }: Usage): void {
    const before = this.#usage ?? {};
    const cost = costUsd === undefined ? before.costUsd : Number(((before.costUsd ?? 0) + costUsd).toFixed(9));
    this.#usage = {
      inputTokens: (before.inputTokens ?? 0) + inputTokens,
      outputTokens: (before.outputTokens ?? 0) + outputTokens,
      cachedTokens: (before.cachedTokens ?? 0) + cachedTokens,
      ...(cost === undefined ? {} : { costUsd: cost }),
    };
  }

  endTurn(end: TurnEnd): void {
    if (!this.turns.isOpen) return;
    this.settle();
    const usage = this.#usage;
    if (usage !== undefined) this.#host.emit({ kind: 'usage', data: usage });
    this.turns.end({ ...end, ...(usage === undefined ? {} : { usage }) });
  }

  /** Told once where it is repeated; the run has failed with it where nothing else says how its turn ended. */
  error(message: string): void {
    if (message !== this.#failure) this.tell({ kind: 'error', data: { message } });
    this.#failure = message;
  }

  /** How the turn ended, where only an error was told of it. */
  get failedEnd(): TurnEnd | undefined {
    return this.#failure === undefined
      ? undefined
      : { stopReason: 'error', failed: true, message: oneLine(this.#failure) };
  }

  /** Tells an error, and ends the turn with it. */
  failTurn(message: string): void {
    this.error(message);
    this.endTurn({ stopReason: 'error', failed: true, message: oneLine(message) });
  }
}
