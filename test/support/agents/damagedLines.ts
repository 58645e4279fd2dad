/** Fuzzes drivers with lines of real agents, damaged as a crash, a full pipe or a careless tool may damage them. */
import assert from 'node:assert/strict';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as v from 'valibot';
import type { Conversation } from '../../../src/supervisor/agents/driver/driver';
import { FUZZ_SEED, fuzzCount } from '../fuzzing';
import { Random } from '../random';
import { nextTurn } from '../wait';
import type { RecordingHost } from './agentHarness';
import { readRecording, recordingNames } from './recording';

const DAMAGED_LINES = fuzzCount(10_000);
/** A title with what is needed to repeat the test. */
export const FUZZ_TITLE = `survives ${DAMAGED_LINES} damaged lines and silently drops none (seed ${FUZZ_SEED})`;

/** Long enough for a machine that is many times slower. */
export const FUZZ_LIMIT_MS = Math.max(120_000, DAMAGED_LINES * 12);

/** A conversation may hold this much more memory after all lines than after the first tenth. */
const MAX_GROWTH_BYTES = 24 * 1024 * 1024;
/** One line in this many is huge. */
const HUGE_EVERY = 4_000;
const KEPT_EVENTS = 1_000;

/** Cuts the line, joins it with another, changes a byte, a name or a value, nests it too deeply, or does nothing. */
function damage(line: string, other: string, random: Random): string {
  const at = random.below(line.length);
  const bytes = Buffer.from(line);
  switch (random.below(12)) {
    case 0:
      return line.slice(0, at);
    case 1:
      return line + other;
    case 2:
      return `a tool printed this ${line}`;
    case 3:
      bytes[Math.min(at, bytes.length - 1)] = random.below(256);
      return bytes.toString('utf8');
    case 4:
      return line.replace(/"[^"]*"/g, (text) => (random.next() < 0.1 ? '[[]]' : text));
    case 5:
      return line.replace(/:(true|false|null|-?\d+)/g, (text) => (random.next() < 0.3 ? ':{"x":"\ud800"}' : text));
    case 6:
      return line.replace(/:"[^"]*"/g, (text) => (random.next() < 0.2 ? ':null' : text));
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
      // Invalid UTF-8 reaches a driver as U+FFFD, control characters as they are.
      return line.replace(/[a-z]{4}/g, (word) => (random.next() < 0.1 ? '\ufffd\u0000\u001b[31m\ud800' : word));
    default:
      return line;
  }
}

/** Every line that the agent wrote in the recordings whose name matches. */
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
  /** Undamaged lines. */
  lines: readonly string[];
  /** True for a line that may cause no event, because others say the same or it is kept until the end. */
  mayBeQuiet: (line: string) => boolean;
  /** Called after each line, to act as a person would. */
  meanwhile?: (index: number) => void;
}

/** Damaged lines must not make the conversation throw. It must report each in events and hold on to few. */
export async function assertSurvives({ conversation, host, lines, mayBeQuiet, meanwhile }: FuzzSubject): Promise<void> {
  const random = new Random(FUZZ_SEED);
  const pick = (): string => random.pick(lines);
  let heldBytes = 0;
  for (let index = 0; index < DAMAGED_LINES; index++) {
    const damaged = damage(pick(), pick(), random);
    const text = index % HUGE_EVERY === HUGE_EVERY - 1 ? damaged.replace(/:"/, `:"${'ä'.repeat(2_000_000)}`) : damaged;
    const line = Buffer.from(text).toString('utf8'); // as it comes out of a pipe
    const before = host.events.length;
    await nextTurn(); // so that the watch over long turns measures the driver alone
    conversation.readLine(random.next() < 0.02 ? 'stderr' : 'stdout', line);
    // Some drivers collect what arrives together and report it in a microtask.
    await nextTurn();
    if (host.events.length === before && line.trim() !== '')
      assert.ok(mayBeQuiet(line), `line ${index} caused no event: ${line.slice(0, 300)}`);
    for (const event of host.events.slice(before)) JSON.stringify(event);
    host.events.length = Math.min(host.events.length, KEPT_EVENTS);
    host.written.length = 0;
    meanwhile?.(index);
    if (index === Math.floor(DAMAGED_LINES / 10)) heldBytes = usedBytes();
  }
  // The events that the test keeps must not count.
  host.events.length = 0;
  assert.ok(
    usedBytes() - heldBytes < MAX_GROWTH_BYTES,
    `${usedBytes() - heldBytes} bytes more are held than after the first tenth`,
  );
  const ending = conversation.end({ exitCode: 1, signal: null, asked: undefined, stderrTail: 'x\u001b[31m\ny\u0000' });
  assert.notEqual(ending.outcome, 'completed');
  assert.equal(conversation.hasQueued(), false);
}

/** Heap in use after a garbage collection. */
function usedBytes(): number {
  setFlagsFromString('--expose-gc');
  v.parse(v.function(), runInNewContext('gc'))();
  return process.memoryUsage().heapUsed;
}
