/** Any program: it gets the prompt by stdin, as an argument or in a file, and its output is recorded. */
import { oneLine } from '../../../common/oneLine';
import type { AgentExit, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { describeExit, imposedEnding } from '../driver/ending';
import { patternReader } from '../driver/linePatterns';
import { OneShotConversation } from '../driver/oneShotConversation';
import { inWords, messageEvent, type UserMessage } from '../driver/userMessages';

const PLACEHOLDER = '{prompt}';
const FILE_PLACEHOLDER = '{promptFile}';
/** The lines of one `output` event have at most this many characters, so that they never become a blob. */
const MAX_BATCH_CHARACTERS = 16_384;

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
            : fillIn(argument, prompt),
        ),
      ],
      environment: {},
      promptInArguments: usesPromptFile || programArguments.some((argument) => argument.includes(PLACEHOLDER)),
      ...(usesPromptFile ? { usesPromptFile } : {}),
    };
  },
  createConversation: (request, host) => new CommandConversation(request, host),
};

/** A prompt that is a whole argument and begins with a dash gets a space, so that it is not read as an option. */
function fillIn(argument: string, prompt: string): string {
  return argument === PLACEHOLDER && prompt.startsWith('-')
    ? ` ${prompt}`
    : argument.replaceAll(PLACEHOLDER, () => prompt);
}

class CommandConversation extends OneShotConversation {
  readonly #prompt: UserMessage;
  readonly #isPromptInArguments: boolean;
  readonly #eventOfLine: ReturnType<typeof patternReader>;
  readonly #host: ConversationHost;
  #batch: { stream: 'stdout' | 'stderr'; lines: string[]; length: number } | undefined;

  constructor(request: ConversationRequest, host: ConversationHost) {
    super();
    this.#prompt = { text: request.prompt, attachments: request.attachments ?? [] };
    this.#isPromptInArguments = request.promptInArguments === true;
    this.#eventOfLine = patternReader(request.linePatterns ?? []);
    this.#host = host;
  }

  start(): void {
    this.#host.emit({ kind: 'turn.started', data: { turn: 1 } });
    this.#host.emit(messageEvent(this.#prompt));
    if (!this.#isPromptInArguments) this.#host.write(`${inWords(this.#prompt)}\n`);
    this.#host.closeInput();
  }

  /** Lines that arrive together become one event: a build prints thousands. */
  readLine(stream: 'stdout' | 'stderr', line: string): void {
    const event = this.#eventOfLine(line);
    if (event !== undefined) {
      this.#flush();
      this.#host.emit(event);
      return;
    }
    const isFull = this.#batch !== undefined && this.#batch.length + line.length > MAX_BATCH_CHARACTERS;
    if (isFull || this.#batch?.stream !== stream) this.#flush();
    if (this.#batch === undefined) {
      this.#batch = { stream, lines: [], length: 0 };
      queueMicrotask(() => this.#flush());
    }
    this.#batch.lines.push(line);
    this.#batch.length += line.length + 1;
  }

  end(exit: AgentExit): Ending {
    this.#flush();
    const ending = imposedEnding(exit) ?? judge(exit);
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

function judge(exit: AgentExit): Ending {
  return exit.exitCode === 0
    ? { outcome: 'completed', reason: 'Completed' }
    : { outcome: 'failed', reason: oneLine(`The command ${describeExit(exit)}`) };
}
