/** Plays recordings of real agent programs to a driver. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { RunOutcome } from '../../../src/storage/events';
import type { Conversation, ConversationRequest, Driver } from '../../../src/supervisor/agents/driver/driver';
import { conversationRequest, RecordingHost } from './agentHarness';

const fixtures = join(process.cwd(), 'test/fixtures/agents');

export const goldenPath = (name: string): string => join(fixtures, 'golden', `${name}.txt`);

/** Sorted names of the recordings that match. */
export function recordingNames(pattern: RegExp): string[] {
  const names = readdirSync(join(fixtures, 'recordings')).map((name) => name.replace('.ndjson', ''));
  return names.filter((name) => pattern.test(name)).sort();
}

export async function readRecording(name: string): Promise<string[]> {
  const text = await readFile(join(fixtures, 'recordings', `${name}.ndjson`), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}

export interface Replay {
  host: RecordingHost;
  outcome: RunOutcome;
  reason: string;
}

const lineSchema = v.object({ dir: v.picklist(['in', 'out', 'note']), msg: v.optional(v.unknown()) });
const rpcSchema = v.object({
  id: v.optional(v.union([v.number(), v.string()])),
  method: v.optional(v.string()),
  params: v.optional(v.unknown()),
});
const exitSchema = v.union([
  v.object({ exit: v.nullable(v.number()), signal: v.nullable(v.string()) }),
  v.pipe(
    v.object({ e: v.object({ exit: v.nullable(v.number()), signal: v.nullable(v.string()) }) }),
    v.transform(({ e }) => e),
  ),
]);

/** Tells what a person did in a recording from what the driver did by itself. */
export interface PersonsPart {
  /** The text of a person's message, or undefined if the call is something else. */
  messageIn: (method: string, params: unknown) => string | undefined;
  isInterrupt: (method: string) => boolean;
  /** The option that a person chose; undefined for an answer that the driver gave by itself. */
  answerIn: (result: unknown) => string | undefined;
  /** Requests of the driver that are not in the recording; each gets an empty answer. */
  unrecorded: readonly string[];
  /** Recorded request → the request that the driver makes instead. */
  aliases?: Readonly<Record<string, string>>;
}

/**
 * Plays a JSON-RPC recording. Answers are matched by method, since the driver numbers its requests in its own way;
 * an answer to a request that the driver does not make is left out.
 */
export function replayRpc(
  driver: Driver,
  lines: readonly string[],
  part: PersonsPart,
  overrides: Partial<ConversationRequest> = {},
): Replay {
  const messages = lines.map((line) => v.parse(lineSchema, JSON.parse(line)));
  const texts = messages.flatMap(({ dir, msg }) => {
    const call = dir === 'in' ? v.safeParse(rpcSchema, msg) : undefined;
    return call?.success && call.output.method !== undefined
      ? (part.messageIn(call.output.method, call.output.params) ?? [])
      : [];
  });
  const host = new RecordingHost();
  const asked: { id: unknown; method: string }[] = [];
  let conversation: Conversation | undefined = undefined;
  const say = (message: object): void => conversation?.readLine('stdout', JSON.stringify(message));
  host.write = (data) => {
    const { id, method } = v.parse(rpcSchema, JSON.parse(data));
    if (method === undefined || id === undefined) return;
    if (part.unrecorded.includes(method)) say({ jsonrpc: '2.0', id, result: {} });
    else asked.push({ id, method });
  };
  conversation = driver.createConversation(conversationRequest({ prompt: texts[0] ?? 'x', ...overrides }), host);
  conversation.start();
  const methods = new Map<unknown, string>();
  let messagesSeen = 0;
  let exit = { exit: 0 as number | null, signal: null as string | null };
  for (const { dir, msg } of messages) {
    const call = v.safeParse(rpcSchema, msg);
    const { id, method, params } = call.success ? call.output : {};
    if (dir === 'note') {
      const noted = v.safeParse(exitSchema, msg);
      if (noted.success) exit = noted.output;
    } else if (dir === 'in' && method !== undefined) {
      methods.set(id, method);
      const text = part.messageIn(method, params);
      if (text !== undefined && messagesSeen++ > 0) conversation.send(text);
      if (part.isInterrupt(method)) conversation.interrupt();
    } else if (dir === 'in' && id !== undefined) {
      const option = part.answerIn(msg);
      if (option !== undefined) conversation.answerPermission(String(id), option, undefined);
    } else if (dir === 'out' && method === undefined && id !== undefined) {
      const recorded = methods.get(id) ?? '';
      const index = asked.findIndex(({ method: each }) => each === recorded || each === part.aliases?.[recorded]);
      const [request] = index < 0 ? [] : asked.splice(index, 1);
      if (request !== undefined) say({ ...v.parse(v.record(v.string(), v.unknown()), msg), id: request.id });
    } else if (dir === 'out') {
      say(v.parse(v.record(v.string(), v.unknown()), msg));
    }
  }
  return { host, ...conversation.end({ exitCode: exit.exit, signal: exit.signal, asked: undefined, stderrTail: '' }) };
}

/** @throws if something in the recording was not understood, or a turn or a tool call did not end */
export function assertComplete({ host }: Replay): void {
  const callIds = (kind: 'tool.call' | 'tool.result'): string[] => host.of(kind).map(({ callId }) => callId);
  assert.deepEqual(host.of('output'), []);
  assert.equal(host.of('turn.started').length, host.of('turn.ended').length);
  assert.deepEqual(callIds('tool.result').toSorted(), callIds('tool.call').toSorted());
}

/** A driver's events and outcome as text, for a golden file. */
export function replayText({ host, outcome, reason }: Replay): string {
  const events = host.events.map((event) => `${event.kind} ${JSON.stringify(event.data)}`.slice(0, 2000));
  return [...events, `=> ${outcome}: ${reason}`, ''].join('\n');
}
