/** Programs that work off one prompt, tell what they do as JSON lines, and end: where neither a protocol nor questions are wanted. */
import { CorralError } from '../../../storage/errors';
import type { AgentExit, Conversation, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { parseJsonLine } from '../driver/jsonLine';
import { programNames } from '../driver/programNames';
import { codexExec } from './streamCodex';
import { geminiStream } from './streamGemini';
import { gooseRun } from './streamGoose';
import { opencodeRun } from './streamOpencode';
import type { StreamDialect, StreamListener } from './streamTalk';
import { StreamTalk } from './streamTalk';

const DIALECTS: Readonly<Record<string, StreamDialect>> = {
  codex: codexExec,
  gemini: geminiStream,
  opencode: opencodeRun,
  goose: gooseRun,
};

/** Throws SETTINGS_INVALID for a program whose output is not known. */
function dialectOf(argv: readonly string[]): StreamDialect {
  const name = programNames(argv).find((each) => Object.hasOwn(DIALECTS, each));
  const dialect = name === undefined ? undefined : DIALECTS[name];
  if (dialect === undefined)
    throw new CorralError(
      'SETTINGS_INVALID',
      `The driver “stream” knows ${Object.keys(DIALECTS).join(', ')}, and not ${argv[0] ?? 'this'}.`,
    );
  return dialect;
}

export const streamDriver: Driver = {
  backendType: 'stream',
  launch({ program, programArguments, permissionMode, model, resumes }) {
    const argv = [program, ...programArguments];
    const { words, environment = {} } = dialectOf(argv).launch({ permissionMode, model, resumes });
    return { argv: [...argv, ...words], environment, promptInArguments: false };
  },
  converse: (request, host) => new StreamConversation(request, host),
  terminal: ({ program, programArguments, nativeSessionId }) => [
    ...programArguments,
    ...dialectOf([program, ...programArguments]).terminal(nativeSessionId),
  ],
};

class StreamConversation implements Conversation {
  readonly #prompt: string;
  readonly #host: ConversationHost;
  readonly #talk: StreamTalk;
  readonly #listener: StreamListener;

  constructor(request: ConversationRequest, host: ConversationHost) {
    this.#prompt = request.prompt;
    this.#host = host;
    this.#talk = new StreamTalk(host);
    this.#listener = dialectOf(request.argv).listen(this.#talk, request);
  }

  start(): void {
    this.#talk.turns.begin();
    this.#host.emit({ kind: 'message', data: { role: 'user', text: this.#prompt } });
    this.#host.write(this.#prompt);
    // Codex and opencode wait for ever for the end of their input.
    this.#host.closeInput();
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    // A warning beside it does not cut what the agent is saying in two.
    if (stream === 'stderr') return this.#host.emit({ kind: 'output', data: { stream, text: line } });
    const parsed = parseJsonLine(line);
    const isUnderstood = parsed !== undefined && this.#listener.read(parsed.json);
    const foreign = isUnderstood ? parsed.foreign : line;
    if (foreign !== '') this.#talk.tell({ kind: 'output', data: { stream, text: foreign } });
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
    // Never called: such a program cannot ask.
  }

  end(exit: AgentExit): Ending {
    this.#talk.settle();
    const end =
      exit.signal === null && exit.asked === undefined && exit.spawnError === undefined
        ? this.#listener.endOf(exit)
        : undefined;
    if (end !== undefined) this.#talk.endTurn(end);
    return this.#talk.turns.close(exit, []);
  }
}
