/** Lines of real agents, damaged in every way that a crash, a full pipe or a careless tool can do it. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import type { Conversation } from '../../src/supervisor/agents/driver/driver';
import type { RecordingHost } from './agents/agentHarness';
import { readRecording, recordingNames } from './agents/recording';

/** What scripts/fuzz.mjs asks for; less in the everyday run. */
const DAMAGED_LINES = Number(process.env['CORRAL_FUZZ_LINES'] ?? 10_000);
const SEED = Number(process.env['CORRAL_FUZZ_SEED'] ?? 20_261_121);
/** For a test's title: what is needed to see the same again. */
export const FUZZ_TITLE = `survives ${DAMAGED_LINES} damaged lines and drops none of them in silence (seed ${SEED})`;

/** For a machine that is many times slower. */
export const FUZZ_LIMIT_MS = Math.max(120_000, DAMAGED_LINES * 12);

/** What a conversation may hold after all of them, beside what it held after the first few. A hundred times more went through it. */
const HELD_BYTES = 24 * 1024 * 1024;
/** Every so many lines one is huge. */
const HUGE_EVERY = 4_000;
const KEPT_EVENTS = 1_000;

/** A generator of numbers in [0, 1) that gives the same ones for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A line that may be cut, glued to another, changed in a byte or a value, renamed, or nested too deep. */
function damage(line: string, other: string, random: () => number): string {
  const at = Math.floor(random() * line.length);
  const bytes = Buffer.from(line);
  switch (Math.floor(random() * 12)) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line + other;
    case 2:
      return `a tool printed this ${line}`;
    case 3:
      bytes[Math.min(at, bytes.length - 1)] = Math.floor(random() * 256);
      return bytes.toString('utf8');
    case 4:
      return line.replace(/"[^"]*"/g, (text) => (random() < 0.1 ? '[[]]' : text));
    case 5:
      return line.replace(/:(true|false|null|-?\d+)/g, (text) => (random() < 0.3 ? ':{"x":"\ud800"}' : text));
    case 6:
      return line.replace(/:"[^"]*"/g, (text) => (random() < 0.2 ? ':null' : text));
    case 7:
      return line.replace(
        /:(\{|"|\d)/,
        (_text, start: string) => `:${'['.repeat(5_000)}${']'.repeat(5_000)},"after":${start}`,
      );
    case 8:
      return line.replace('"content":', '"__proto__":{"x":1},"content":');
    case 9:
      return line.replace(/"[a-z_]+":/, () => '"renamed":');
    case 10:
      // What is no UTF-8 comes to a driver as U+FFFD; a terminal's control characters come as they are.
      return line.replace(/[a-z]{4}/g, (word) => (random() < 0.1 ? '\ufffd\u0000\u001b[31m\ud800' : word));
    default:
      return line;
  }
}

/** What the agent wrote, in all recordings that fit. */
export async function realLines(fits: RegExp): Promise<string[]> {
  const recordings = await Promise.all(recordingNames(fits).map((name) => readRecording(name)));
  return recordings.flat().flatMap((line) => {
    if (!line.startsWith('{"dir"')) return [line];
    const json: unknown = JSON.parse(line);
    if (typeof json !== 'object' || json === null || !('dir' in json)) return [line];
    return json.dir === 'out' && 'msg' in json ? [JSON.stringify(json.msg)] : [];
  });
}

export interface FuzzSubject {
  conversation: Conversation;
  host: RecordingHost;
  /** Undamaged ones. */
  lines: readonly string[];
  /** True for a line that may say nothing: what it tells is told by others, or kept until the end. */
  mayBeQuiet: (line: string) => boolean;
  /** A person's part between the lines. */
  meanwhile?: (index: number) => void;
}

/** Says damaged lines to a conversation that has begun: it never throws, tells every line in events that can be written down, and holds little of it. */
export async function assertSurvives({ conversation, host, lines, mayBeQuiet, meanwhile }: FuzzSubject): Promise<void> {
  const random = randomFrom(SEED);
  const pick = (): string => lines[Math.floor(random() * lines.length)] ?? '';
  let heldBytes = 0;
  for (let index = 0; index < DAMAGED_LINES; index++) {
    const damaged = damage(pick(), pick(), random);
    const line = index % HUGE_EVERY === HUGE_EVERY - 1 ? damaged.replace(/:"/, `:"${'ä'.repeat(2_000_000)}`) : damaged;
    const before = host.events.length;
    conversation.readLine(random() < 0.02 ? 'stderr' : 'stdout', line);
    // Some drivers gather what comes at once.
    if (host.events.length === before) await Promise.resolve();
    if (host.events.length === before && line.trim() !== '')
      assert.ok(mayBeQuiet(line), `line ${index} said nothing: ${line.slice(0, 300)}`);
    for (const event of host.events.slice(before)) JSON.stringify(event);
    host.events.length = Math.min(host.events.length, KEPT_EVENTS);
    host.written.length = 0;
    meanwhile?.(index);
    if (index === Math.floor(DAMAGED_LINES / 10)) heldBytes = usedBytes();
  }
  // What they still hold must not count.
  host.events.length = 0;
  assert.ok(
    usedBytes() - heldBytes < HELD_BYTES,
    `${usedBytes() - heldBytes} bytes more are held than after the first tenth`,
  );
  const ending = conversation.end({ exitCode: 1, signal: null, asked: undefined, stderrTail: 'x\u001b[31m\ny\u0000' });
  assert.notEqual(ending.outcome, 'completed');
  assert.equal(conversation.hasQueued(), false);
}

/** After everything that nobody needs is gone. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  v.parse(v.function(), runInNewContext('gc'))();
  return process.memoryUsage().heapUsed;
}
