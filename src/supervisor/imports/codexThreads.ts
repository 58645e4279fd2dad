/** Codex's own threads. Its app server is asked for them, because the format of its files is not public. */
import * as v from 'valibot';
import type { DraftEvent } from '../../storage/events';
import { codexDriver } from '../agents/codex/codexDriver';
import type { Conversation } from '../agents/driver/driver';
import { nameOfPictures } from '../agents/driver/pictures';
import { lenient, text } from '../agents/driver/schemas';
import { titleOf } from '../sessions/sessionTitle';
import { askCodex } from './codexAppServer';
import type { FoundSession, ImportingAgent, SessionSearch, TimedEvent } from './nativeSession';
import { exitOfTranscript } from './nativeSession';

/** The newest ones. */
const MAX_THREADS = 200;
/** Threads that people start, without those that Codex starts for itself. */
const SOURCE_KINDS = ['cli', 'vscode', 'exec', 'appServer'];

/** The year 9999: later times have another form. */
const MAX_SECONDS = 253_402_300_799;

const secondsAsTimestamp = v.pipe(
  v.number(),
  v.minValue(0),
  v.maxValue(MAX_SECONDS),
  v.transform((seconds) => new Date(seconds * 1_000).toISOString()),
);
const listSchema = v.object({ data: v.array(v.unknown()) });
const listedSchema = v.object({
  id: text,
  preview: text,
  cwd: text,
  updatedAt: secondsAsTimestamp,
  path: lenient(text),
});
const turnSchema = v.looseObject({
  id: text,
  status: text,
  items: v.array(v.unknown()),
  startedAt: lenient(secondsAsTimestamp),
  completedAt: lenient(secondsAsTimestamp),
});
const readSchema = v.object({
  thread: v.object({
    cliVersion: lenient(text),
    model: lenient(text),
    preview: text,
    turns: v.array(v.unknown()),
  }),
});
type Thread = v.InferOutput<typeof readSchema>['thread'];
const requestSchema = v.pipe(v.string(), v.parseJson(), v.object({ id: v.number(), method: text }));

/** Finds the threads that worked in exactly this folder. */
export async function findCodexSessions(
  agent: ImportingAgent,
  folder: string,
  { signal, onFound }: SessionSearch,
): Promise<void> {
  const filter = { cwd: folder, limit: MAX_THREADS, sourceKinds: SOURCE_KINDS };
  const { data } = await askCodex(agent, folder, { method: 'thread/list', params: filter }, listSchema, signal);
  for (const thread of data) {
    const parsed = v.safeParse(listedSchema, thread);
    if (!parsed.success) continue;
    const { id, preview, cwd, updatedAt, path } = parsed.output;
    const source = path ?? `thread ${id} of Codex`;
    const title = titleOf(preview.trim() === '' ? nameOfPictures(1) : preview);
    onFound({ nativeSessionId: id, title, cwd, updatedAt, source });
  }
}

/** The events of a whole thread, as Codex's driver makes them. */
export async function* readCodexSession(
  agent: ImportingAgent,
  { nativeSessionId: threadId, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const params = { threadId, includeTurns: true };
  const { thread } = await askCodex(agent, cwd, { method: 'thread/read', params }, readSchema);
  const events: DraftEvent[] = [];
  const conversation = await beginConversation(thread, threadId, cwd, (event) => events.push(event));
  const notify = (method: string, params: object): void =>
    conversation.readLine('stdout', JSON.stringify({ method, params: { threadId, ...params } }));
  const turns = thread.turns.map((turn) => v.safeParse(turnSchema, turn));
  const first = turns.find(({ success }) => success);
  let timestamp = (first?.success === true ? first.output.startedAt : undefined) ?? new Date(0).toISOString();
  for (const [index, parsed] of turns.entries()) {
    if (!parsed.success) {
      const text = JSON.stringify(thread.turns[index]);
      yield { timestamp, event: { kind: 'output', data: { stream: 'stdout', text } } };
      continue;
    }
    const { items, startedAt, completedAt, ...turn } = parsed.output;
    timestamp = startedAt ?? timestamp;
    notify('turn/started', { turn });
    for (const item of items) notify('item/completed', { item });
    for (const event of events.splice(0)) yield { timestamp, event };
    timestamp = completedAt ?? timestamp;
    if (turn.status !== 'inProgress') notify('turn/completed', { turn });
    for (const event of events.splice(0)) yield { timestamp, event };
  }
  const exit = exitOfTranscript(conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }));
  for (const event of [...events, exit]) yield { timestamp, event };
}

/** A conversation of the driver in which the app server has already resumed the thread. */
async function beginConversation(
  thread: Thread,
  threadId: string,
  cwd: string,
  emit: (event: DraftEvent) => void,
): Promise<Conversation> {
  const results: Record<string, object> = {
    initialize: { userAgent: `codex/${thread.cliVersion ?? ''}` },
    'thread/resume': { thread: { id: threadId }, model: thread.model },
    'turn/start': { turn: { id: '' } },
  };
  const conversation = codexDriver.createConversation(
    { prompt: thread.preview, argv: [], cwd, permissionMode: 'ask', resumes: threadId },
    {
      emit,
      write(data) {
        const request = v.safeParse(requestSchema, data);
        if (!request.success) return;
        const { id, method } = request.output;
        const response = JSON.stringify({ id, result: results[method] ?? {} });
        queueMicrotask(() => conversation.readLine('stdout', response));
      },
      closeInput: () => undefined,
      offer: () => undefined,
      usedInTurn: () => undefined,
    },
  );
  conversation.start();
  // Each request is answered in a microtask of its own, so that all of them are answered now.
  await new Promise(setImmediate);
  return conversation;
}
