/** Programs that take one prompt, report their work as JSON lines, and exit. They neither ask nor take messages. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { AgentExit, ConversationHost, ConversationRequest, Driver } from '../driver/driver';
import type { Ending } from '../driver/ending';
import { parseJsonLine } from '../driver/jsonLine';
import { OneShotConversation } from '../driver/oneShotConversation';
import { programNames } from '../driver/programNames';
import { asideMessage, inWords, messageEvent, type UserMessage } from '../driver/userMessages';
import { codexExec } from './streamCodex';
import type { StreamDialect, StreamReader } from './streamDialect';
import { geminiStream } from './streamGemini';
import { gooseRun } from './streamGoose';
import { opencodeRun } from './streamOpencode';
import { StreamRecorder } from './streamRecorder';

/** By the name of the program. */
const DIALECTS: ReadonlyMap<string, StreamDialect> = new Map([
  ['codex', codexExec],
  ['gemini', geminiStream],
  ['opencode', opencodeRun],
  ['goose', gooseRun],
]);

export const streamDriver: Driver = {
  backendType: 'stream',
  launch({ program, programArguments, permissionMode, model, resumes, aside }) {
    const argv = [program, ...programArguments];
    const { args, environment = {}, policy } = dialectOf(argv).launch({ permissionMode, model, resumes, aside });
    return {
      argv: [...argv, ...args],
      environment,
      promptInArguments: false,
      ...(policy === undefined ? {} : { policy }),
    };
  },
  asides: () => 'transcript',
  createConversation: (request, host) => new StreamConversation(request, host),
  terminalArguments: ({ program, programArguments, nativeSessionId }) => [
    ...programArguments,
    ...dialectOf([program, ...programArguments]).terminalArguments(nativeSessionId),
  ],
};

/** @throws SETTINGS_INVALID for a program whose output is unknown */
function dialectOf(argv: readonly string[]): StreamDialect {
  const name = programNames(argv).find((each) => DIALECTS.has(each));
  const dialect = name === undefined ? undefined : DIALECTS.get(name);
  if (dialect === undefined)
    throw new CorralError(
      'SETTINGS_INVALID',
      l10n.t('The driver “stream” cannot run {program}, only {known}. Choose another driver in corral.agents.', {
        program: argv[0] ?? '',
        known: [...DIALECTS.keys()].join(', '),
      }),
    );
  return dialect;
}

class StreamConversation extends OneShotConversation {
  readonly #prompt: UserMessage;
  readonly #host: ConversationHost;
  readonly #recorder: StreamRecorder;
  readonly #reader: StreamReader;

  constructor(request: ConversationRequest, host: ConversationHost) {
    super();
    const { prompt, attachments = [], aside } = request;
    this.#prompt = { text: aside === undefined ? prompt : asideMessage(prompt), attachments };
    this.#host = host;
    this.#recorder = new StreamRecorder(host);
    this.#reader = dialectOf(request.argv).createReader(this.#recorder, request);
  }

  start(): void {
    this.#recorder.turns.begin();
    this.#host.emit(messageEvent(this.#prompt));
    this.#host.write(inWords(this.#prompt));
    // Codex and opencode do not begin before their input ends.
    this.#host.closeInput();
  }

  readLine(stream: 'stdout' | 'stderr', line: string): void {
    if (line.trim() === '') return;
    if (stream === 'stderr') return this.#recorder.emitStderr(line);
    const parsed = parseJsonLine(line);
    const isKnown = parsed !== undefined && this.#reader.read(parsed.json);
    const rest = isKnown ? parsed.leadingText : line;
    if (rest !== '') this.#recorder.emit({ kind: 'output', data: { stream, text: rest } });
  }

  end(exit: AgentExit): Ending {
    this.#recorder.settle();
    const hasEndedByItself = exit.signal === null && exit.asked === undefined && exit.spawnError === undefined;
    const end = hasEndedByItself ? this.#reader.endOf(exit) : undefined;
    if (end !== undefined) this.#recorder.endTurn(end);
    return this.#recorder.turns.close(exit, []);
  }
}
