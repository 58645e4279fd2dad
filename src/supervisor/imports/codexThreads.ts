/** Codex's own threads. Its app server is asked for them, because the format of its files is not public. */
import * as v from 'valibot';
import type { DraftEvent } from '../../storage/events';
import { codexDriver } from '../agents/codex/codexDriver';
import type { Conversation } from '../agents/driver/driver';
import { lenient, text } from '../agents/driver/schemas';
import { titleOf } from '../sessions/sessionTitle';
import { askCodex } from './codexAppServer';
import type { FoundSession, ImportingAgent, TimedEvent } from './nativeSession';
import { exitOfTranscript } from './nativeSession';

/** The newest ones. */
const MAX_THREADS = 200;
/** Threads that people start, without those that Codex starts for itself. */
const SOURCE_KINDS = ['cli', 'vscode', 'exec', 'appServer'];

const secondsAsTimestamp = v.pipe(
  v.number(),
  v.transform((seconds) => new Date(seconds * 1_000).toISOString()),
);
const listSchema = v.object({
  data: v.array(v.object({ id: text, preview: text, cwd: text, updatedAt: secondsAsTimestamp, path: lenient(text) })),
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
    turns: v.array(turnSchema),
  }),
});
type Thread = v.InferOutput<typeof readSchema>['thread'];
const requestSchema = v.pipe(v.string(), v.parseJson(), v.object({ id: v.number(), method: text }));

/** The threads that worked in exactly this folder. */
export async function listCodexSessions(agent: ImportingAgent, folder: string): Promise<FoundSession[]> {
  const filter = { cwd: folder, limit: MAX_THREADS, sourceKinds: SOURCE_KINDS };
  const { data } = await askCodex(agent, folder, 'thread/list', filter, listSchema);
  return data
    .filter(({ preview }) => preview.trim() !== '')
    .map(({ id, preview, cwd, updatedAt, path }) => ({
      nativeSessionId: id,
      title: titleOf(preview),
      cwd,
      updatedAt,
      source: path ?? `thread ${id} of Codex`,
    }));
}

/** The events of a whole thread, as Codex's driver makes them. */
export async function* readCodexSession(
  agent: ImportingAgent,
  { nativeSessionId: threadId, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const { thread } = await askCodex(agent, cwd, 'thread/read', { threadId, includeTurns: true }, readSchema);
  const events: DraftEvent[] = [];
  const conversation = await beginConversation(thread, threadId, cwd, (event) => events.push(event));
  const notify = (method: string, params: object): void =>
    conversation.readLine('stdout', JSON.stringify({ method, params: { threadId, ...params } }));
  let timestamp = thread.turns[0]?.startedAt ?? new Date(0).toISOString();
  for (const { items, startedAt, completedAt, ...turn } of thread.turns) {
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
    'turn/start': { turn: { id: thread.turns[0]?.id ?? '' } },
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
    },
  );
  conversation.start();
  // Each request is answered in a microtask of its own, so that all of them are answered now.
  await new Promise(setImmediate);
  return conversation;
}
