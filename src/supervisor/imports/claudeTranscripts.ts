/** Claude Code's own record of its sessions: one file of JSON lines each, in a folder named after where it worked. */
import { createReadStream } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import * as v from 'valibot';
import type { DraftEvent } from '../../storage/events';
import { claudeDriver } from '../agents/claude/claudeDriver';
import type { Conversation } from '../agents/driver/driver';
import { parseJson } from '../agents/driver/jsonLine';
import { isInside } from '../../common/isInside';
import { mapLimited } from '../../common/mapLimited';
import { titleOf } from '../lifecycle/sessionCreation';
import type { FoundSession, ImportingAgent, TimedEvent } from './nativeSession';
import { exitOfTranscript } from './nativeSession';

/** Enough to find where a session worked and what it was asked. */
const HEAD_BYTES = 256 * 1024;
/** Claude cuts the names of its folders. */
const FOLDER_NAME_LENGTH = 200;
const FILES_AT_ONCE = 8;
/** The host does something else between so many lines. */
const LINES_AT_ONCE = 50;

const text = v.string();
const optional = <S extends v.GenericSchema>(
  schema: S,
): v.SchemaWithFallback<v.OptionalSchema<S, undefined>, undefined> => v.fallback(v.optional(schema), undefined);
const blocksSchema = v.array(v.looseObject({ type: text, text: optional(text) }));
const lineSchema = v.looseObject({
  type: text,
  timestamp: optional(v.pipe(text, v.isoTimestamp())),
  cwd: optional(text),
  version: optional(text),
  isMeta: optional(v.boolean()),
  isSidechain: optional(v.boolean()),
  isApiErrorMessage: optional(v.boolean()),
  toolUseResult: v.optional(v.unknown()),
  message: optional(
    v.looseObject({
      model: optional(text),
      stop_reason: v.fallback(v.nullish(text), undefined),
      content: optional(v.union([text, blocksSchema])),
    }),
  ),
});
type Line = v.InferOutput<typeof lineSchema>;

/** Lines of the conversation. All others are notes that Claude makes for itself: requests, files to go back to, a state of its window. */
const SPOKEN = ['user', 'assistant', 'system'];

/** Claude's sessions in `folder` or below it. One that cannot be read is left out. */
export async function listClaudeSessions({ environment }: ImportingAgent, folder: string): Promise<FoundSession[]> {
  const projects = join(
    environment['CLAUDE_CONFIG_DIR'] ?? join(environment['HOME'] ?? homedir(), '.claude'),
    'projects',
  );
  const prefix = folder.replaceAll(/[^A-Za-z0-9]/g, '-').slice(0, FOLDER_NAME_LENGTH);
  const names = (await readdir(projects).catch(() => [])).filter((name) => name.startsWith(prefix));
  const files = await Promise.all(
    names.map(async (name) =>
      (await readdir(join(projects, name)).catch(() => []))
        .filter((each) => each.endsWith('.jsonl'))
        .map((each) => join(projects, name, each)),
    ),
  );
  const found: FoundSession[] = [];
  await mapLimited(files.flat(), FILES_AT_ONCE, async (path) => {
    const session = await describe(path).catch(() => undefined);
    if (session !== undefined && isInside(session.cwd, folder)) found.push(session);
  });
  return found;
}

async function describe(path: string): Promise<FoundSession | undefined> {
  const { mtime } = await stat(path);
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .flatMap((line) => parseLine(line) ?? []);
    const cwd = lines.find((line) => line.cwd !== undefined)?.cwd;
    const prompt = lines.map(promptOf).find((each) => each !== undefined);
    if (cwd === undefined || prompt === undefined) return undefined; // nothing was ever said in it
    const nativeSessionId = /([^\\/]+)\.jsonl$/.exec(path)?.[1] ?? '';
    return { nativeSessionId, title: titleOf(prompt), cwd, updatedAt: mtime.toISOString(), source: path };
  } finally {
    await file.close();
  }
}

/** The session's whole conversation, as the driver understands it. */
export async function* readClaudeSession(
  _agent: ImportingAgent,
  { nativeSessionId, source, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const player = new TranscriptPlayer(nativeSessionId, cwd);
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(source), crlfDelay: Infinity })) {
    if (line.trim() !== '') yield* player.play(line);
    if (++count % LINES_AT_ONCE === 0) await yieldToEventLoop();
  }
  yield* player.end();
}

function parseLine(line: string): Line | undefined {
  const parsed = v.safeParse(lineSchema, parseJson(line)?.json);
  return parsed.success ? parsed.output : undefined;
}

/** What a person typed; undefined for all other lines. */
function promptOf({ type, isMeta, isSidechain, message }: Line): string | undefined {
  if (type !== 'user' || isMeta === true || isSidechain === true) return undefined;
  const content = message?.content;
  if (content === undefined || typeof content === 'string') return content;
  return content.some((block) => block.type === 'tool_result')
    ? undefined
    : content.map((block) => block.text ?? '').join('\n');
}

/** Says the lines of a transcript to Claude's driver, in the words of the wire, with the times that they had. */
class TranscriptPlayer {
  readonly #nativeSessionId: string;
  readonly #cwd: string;
  readonly #conversation: Conversation;
  #told: DraftEvent[] = [];
  #timestamp = new Date(0).toISOString();
  #hasBegun = false;
  #isTurnOpen = false;
  #stopReason: string | undefined;
  /** Lines that were not read as conversation, by type. */
  readonly #notes = new Map<string, number>();

  constructor(nativeSessionId: string, cwd: string) {
    this.#nativeSessionId = nativeSessionId;
    this.#cwd = cwd;
    const host = {
      emit: (event: DraftEvent) => void this.#told.push(event),
      write: () => undefined,
      closeInput: () => undefined,
    };
    this.#conversation = claudeDriver.createConversation(
      { prompt: '', argv: [], cwd, permissionMode: 'ask', resumes: nativeSessionId },
      host,
    );
  }

  *play(text: string): Generator<TimedEvent, void> {
    const line = parseLine(text);
    if (line === undefined || line.isSidechain === true) return yield* this.#keep(text);
    if (line.timestamp !== undefined) this.#timestamp = line.timestamp;
    if (!SPOKEN.includes(line.type)) {
      this.#notes.set(line.type, (this.#notes.get(line.type) ?? 0) + 1);
      return;
    }
    if (!this.#hasBegun)
      yield* this.#say({
        type: 'system',
        subtype: 'init',
        session_id: this.#nativeSessionId,
        cwd: this.#cwd,
        claude_code_version: line.version,
      });
    this.#hasBegun = true;
    if (line.type === 'system') return yield* this.#say(line);
    const isPrompt = promptOf(line) !== undefined;
    if (isPrompt && this.#isTurnOpen && this.#stopReason !== undefined) yield* this.#endTurn();
    this.#isTurnOpen = true;
    this.#stopReason = line.type === 'assistant' ? (line.message?.stop_reason ?? undefined) : undefined;
    const { isApiErrorMessage, toolUseResult } = line;
    yield* this.#say({
      ...line,
      isReplay: isPrompt,
      uuid: undefined,
      is_api_error_message: isApiErrorMessage === true,
      tool_use_result: toolUseResult,
    });
  }

  *end(): Generator<TimedEvent, void> {
    if (this.#isTurnOpen && this.#stopReason === 'end_turn') yield* this.#endTurn();
    const exit = exitOfTranscript(
      this.#conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }),
    );
    yield* this.#take();
    const notes = [...this.#notes].map(([type, count]) => `${count} × ${type}`).join(', ');
    if (notes !== '')
      yield this.#at({
        kind: 'message',
        data: { role: 'system', text: `Not part of the conversation, and not read: ${notes}` },
      });
    yield this.#at(exit);
  }

  *#endTurn(): Generator<TimedEvent, void> {
    this.#isTurnOpen = false;
    yield* this.#say({
      type: 'result',
      subtype: 'success',
      is_error: false,
      stop_reason: this.#stopReason,
      session_id: this.#nativeSessionId,
    });
  }

  *#say(message: object): Generator<TimedEvent, void> {
    this.#conversation.readLine('stdout', JSON.stringify(message));
    yield* this.#take();
  }

  *#keep(text: string): Generator<TimedEvent, void> {
    yield this.#at({ kind: 'output', data: { stream: 'stdout', text } });
  }

  #at(event: DraftEvent): TimedEvent {
    return { timestamp: this.#timestamp, event };
  }

  *#take(): Generator<TimedEvent, void> {
    const told = this.#told;
    this.#told = [];
    for (const event of told) yield this.#at(event);
  }
}
