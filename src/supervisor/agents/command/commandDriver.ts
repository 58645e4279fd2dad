import { oneLine } from '../../../common/oneLine';
import type { AgentExit, Conversation, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { describeExit, imposedEnding } from '../driver/ending';
import { patternReader } from '../driver/linePatterns';

const PLACEHOLDER = '{prompt}';
const FILE_PLACEHOLDER = '{promptFile}';
/** One event holds the lines that came together, up to this many characters: well below what becomes a blob. */
const BATCH_LENGTH = 16_384;

export const commandDriver: Driver = {
  backendType: 'command',
  launch({ program, programArguments, prompt, promptFile }) {
    const usesPromptFile = programArguments.some((argument) => argument.includes(FILE_PLACEHOLDER));
    return {
      argv: [
        program,
        ...programArguments.map((argument) =>
          argument.includes(FILE_PLACEHOLDER)
            ? argument.replaceAll(FILE_PLACEHOLDER, () => promptFile)
            : fill(argument, prompt),
        ),
      ],
      environment: {},
      promptInArguments: usesPromptFile || programArguments.some((argument) => argument.includes(PLACEHOLDER)),
      ...(usesPromptFile ? { usesPromptFile } : {}),
    };
  },
  converse: (request, host) => new CommandConversation(request, host),
};

/** A prompt that starts with a dash gets a space before it where it is an argument of its own: it must not be read as an option. */
function fill(argument: string, prompt: string): string {
  return argument === PLACEHOLDER && prompt.startsWith('-')
    ? ` ${prompt}`
    : argument.replaceAll(PLACEHOLDER, () => prompt);
}

class CommandConversation implements Conversation {
  readonly #prompt: string;
  readonly #isPromptInArguments: boolean;
  readonly #readByPattern: ReturnType<typeof patternReader>;
  readonly #host: ConversationHost;
  #batch: { stream: 'stdout' | 'stderr'; lines: string[]; length: number } | undefined;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#prompt = request.prompt;
    this.#isPromptInArguments = request.promptInArguments === true;
    this.#readByPattern = patternReader(request.linePatterns ?? []);
    this.#host = host;
  }

  start(): void {
    this.#host.emit({ kind: 'turn.started', data: { turn: 1 } });
    this.#host.emit({ kind: 'message', data: { role: 'user', text: this.#prompt } });
    if (!this.#isPromptInArguments) this.#host.write(`${this.#prompt}\n`);
    this.#host.closeInput();
  }

  /** Lines that are read in one go become one event: a build prints thousands. */
  readLine(stream: 'stdout' | 'stderr', line: string): void {
    const event = this.#readByPattern(line);
    if (event !== undefined) {
      this.#flush();
      this.#host.emit(event);
      return;
    }
    if (this.#batch !== undefined && (this.#batch.stream !== stream || this.#batch.length + line.length > BATCH_LENGTH))
      this.#flush();
    if (this.#batch === undefined) {
      this.#batch = { stream, lines: [], length: 0 };
      queueMicrotask(() => this.#flush());
    }
    this.#batch.lines.push(line);
    this.#batch.length += line.length + 1;
  }

  send(): void {
    // Never called: the input is closed from the start.
  }

  hasQueued(): boolean {
    return false;
  }

  interrupt(): boolean {
    return false;
  }

  answerPermission(): void {
    // Never called: a command cannot ask.
  }

  end(exit: AgentExit): Ending {
    this.#flush();
    const hasSucceeded = exit.exitCode === 0;
    const ending =
      imposedEnding(exit) ??
      (hasSucceeded
        ? { outcome: 'completed', reason: 'Completed' }
        : { outcome: 'failed', reason: oneLine(`The command ${describeExit(exit)}`) });
    const hasFailed = ending.outcome !== 'completed';
    this.#host.emit({
      kind: 'turn.ended',
      data: {
        turn: 1,
        stopReason: hasFailed ? 'failed' : 'exited',
        failed: hasFailed,
        ...(hasFailed ? { message: ending.reason } : {}),
      },
    });
    return ending;
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#host.emit({ kind: 'output', data: { stream: batch.stream, text: batch.lines.join('\n') } });
  }
}
