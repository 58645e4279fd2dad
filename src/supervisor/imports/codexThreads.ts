/** Codex's own threads, as its app server tells them: the form of its files is its own business. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import * as v from 'valibot';
import type { DraftEvent } from '../../storage/events';
import { codexDriver } from '../agents/codex/codexDriver';
import { describeRpcError, JsonRpcPeer } from '../agents/driver/jsonRpc';
import { titleOf } from '../lifecycle/sessionCreation';
import type { FoundSession, ImportingAgent, TimedEvent } from './nativeSession';
import { exitOfTranscript } from './nativeSession';

/** More than anyone scrolls through; the newest come first. */
const MAX_THREADS = 200;
/** All that people start; not what Codex starts for its own use. */
const SOURCE_KINDS = ['cli', 'vscode', 'exec', 'appServer'];
const ANSWER_LIMIT_MS = 30_000;

const text = v.string();
const seconds = v.pipe(
  v.number(),
  v.transform((value) => new Date(value * 1_000).toISOString()),
);
const moment = v.fallback(v.nullish(seconds), undefined);
const listSchema = v.object({
  data: v.array(
    v.object({ id: text, preview: text, cwd: text, updatedAt: seconds, path: v.fallback(v.nullish(text), undefined) }),
  ),
});
const turnSchema = v.looseObject({
  id: text,
  status: text,
  items: v.array(v.unknown()),
  startedAt: moment,
  completedAt: moment,
});
const readSchema = v.object({
  thread: v.object({
    cliVersion: v.fallback(v.optional(text), undefined),
    model: v.fallback(v.nullish(text), undefined),
    preview: text,
    turns: v.array(turnSchema),
  }),
});
const requestSchema = v.object({ id: v.number(), method: text });

/** Codex's threads that worked in exactly this folder. */
export async function listCodexSessions(agent: ImportingAgent, folder: string): Promise<FoundSession[]> {
  const { data } = await ask(
    agent,
    folder,
    'thread/list',
    { cwd: folder, limit: MAX_THREADS, sourceKinds: SOURCE_KINDS },
    listSchema,
  );
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

/** The thread's whole conversation, as the driver understands it. */
export async function* readCodexSession(
  agent: ImportingAgent,
  { nativeSessionId: threadId, cwd }: FoundSession,
): AsyncGenerator<TimedEvent> {
  const { thread } = await ask(agent, cwd, 'thread/read', { threadId, includeTurns: true }, readSchema);
  let timestamp = thread.turns[0]?.startedAt ?? new Date(0).toISOString();
  const told: DraftEvent[] = [];
  const opening: Record<string, object> = {
    initialize: { userAgent: `codex/${thread.cliVersion ?? ''}` },
    'thread/resume': { thread: { id: threadId }, model: thread.model },
    'turn/start': { turn: { id: thread.turns[0]?.id ?? '' } },
  };
  const say = (message: object): void => conversation.readLine('stdout', JSON.stringify(message));
  const host = {
    emit: (event: DraftEvent) => void told.push(event),
    write(data: string): void {
      const request = v.safeParse(v.pipe(v.string(), v.parseJson(), requestSchema), data);
      if (request.success)
        queueMicrotask(() => say({ id: request.output.id, result: opening[request.output.method] ?? {} }));
    },
    closeInput: () => undefined,
  };
  const conversation = codexDriver.createConversation(
    { prompt: thread.preview, argv: [], cwd, permissionMode: 'ask', resumes: threadId },
    host,
  );
  conversation.start();
  // The driver's questions are answered by then, each in a microtask of its own.
  await new Promise(setImmediate);
  for (const { items, startedAt, completedAt, ...turn } of thread.turns) {
    timestamp = startedAt ?? timestamp;
    say({ method: 'turn/started', params: { threadId, turn } });
    for (const item of items) say({ method: 'item/completed', params: { threadId, item } });
    for (const event of told.splice(0)) yield { timestamp, event };
    timestamp = completedAt ?? timestamp;
    if (turn.status !== 'inProgress') say({ method: 'turn/completed', params: { threadId, turn } });
    for (const event of told.splice(0)) yield { timestamp, event };
  }
  const exit = exitOfTranscript(conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail: '' }));
  for (const event of [...told, exit]) yield { timestamp, event };
}

/** Starts Codex for one question. Rejects where it does not answer it as expected. */
async function ask<S extends v.GenericSchema>(
  agent: ImportingAgent,
  cwd: string,
  method: string,
  params: object,
  schema: S,
): Promise<v.InferOutput<S>> {
  const [program = '', ...words] = codexDriver.launch({
    ...agent,
    prompt: '',
    promptFile: '',
    cwd,
    permissionMode: 'ask',
  }).argv;
  const child = spawn(program, words, {
    cwd,
    env: agent.environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
    timeout: ANSWER_LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.on('error', () => undefined); // its exit tells
  const peer = new JsonRpcPeer((line) => child.stdin.write(line), {});
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`Codex ended before it answered ${method}`)));
      createInterface({ input: child.stdout, crlfDelay: Infinity }).on(
        'line',
        (line) => void peer.read(line, () => undefined),
      );
      const clientInfo = { name: 'corral', title: 'Corral', version: '0' };
      peer.request('initialize', { clientInfo, capabilities: null }, () => {
        peer.notify('initialized');
        peer.request(method, params, (outcome) => {
          const result = 'error' in outcome ? undefined : v.safeParse(schema, outcome.result);
          if (result?.success) resolve(result.output);
          else
            reject(
              new Error(
                'error' in outcome
                  ? describeRpcError(outcome.error)
                  : `Codex answered ${method} with something else than expected`,
              ),
            );
        });
      });
    });
  } finally {
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) await once(child, 'exit');
  }
}
