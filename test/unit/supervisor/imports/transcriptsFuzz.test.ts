import assert from 'node:assert/strict';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { DraftEvent } from '../../../../src/storage/events';
import { parseDraft } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import { findClaudeSessions, readClaudeSession } from '../../../../src/supervisor/imports/claudeTranscripts';
import { findCodexSessions, readCodexSession } from '../../../../src/supervisor/imports/codexThreads';
import type { FoundSession, ImportingAgent, TimedEvent } from '../../../../src/supervisor/imports/nativeSession';
import { FUZZ_SEED, fuzzCount } from '../../../support/fuzzing';
import { projectRoot } from '../../../support/project';
import { Random } from '../../../support/random';
import { nextTurn } from '../../../support/wait';
import { assistant, at, ClaudeHome, user } from './claudeHome';

const COUNT = fuzzCount(800);
const RECORDS_PER_TRANSCRIPT = 50;
/** Starting the app server costs more than reading a transcript. */
const CODEX_EVERY = 10;
const LIMIT_MS = Math.max(120_000, COUNT * 60);
/** The event loop gets its turn at least once in so much of a transcript. */
const MAX_BYTES_IN_TURN = 1024 * 1024;
/** As a journal writes them. */
const TIMESTAMP = /^(19[7-9]\d|[2-9]\d{3})-\d\d-\d\dT/;

const VALUES: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  '',
  '\u2028\u2029\r\u0000\ud800',
  [],
  [[]],
  {},
  { __proto__: null },
  'x'.repeat(300_000),
  '9999-99-99T99:99:99.999Z',
  '+275760-09-13T00:00:00.000Z',
  '-000001-01-01T00:00:00.000Z',
  '2026-02-30T25:00:00Z',
  ['not a block', 7, null, { type: 'text' }, { type: 'image', source: null }],
];

/** A copy of `value` in which one value, however deep, is another. */
function swapOne(value: unknown, random: Random): unknown {
  if (random.next() < 0.2 || typeof value !== 'object' || value === null) return random.pick(VALUES);
  const keys = Object.keys(value);
  if (keys.length === 0) return random.pick(VALUES);
  const chosen = random.pick(keys);
  const entries = Object.entries(value).map(([key, item]: [string, unknown]): [string, unknown] => [
    random.next() < 0.03 ? `${key}x` : key,
    key === chosen ? swapOne(item, random) : item,
  ]);
  return Array.isArray(value) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
}

/** One line, without a newline in it, that was a record. */
function mutate(record: object, random: Random): Buffer {
  const line = JSON.stringify(record);
  switch (random.below(12)) {
    case 0:
      return Buffer.from(line.slice(0, random.below(line.length)));
    case 1:
      return Buffer.from(`${line}${line}`);
    case 2: {
      const bytes = Buffer.from(line);
      for (let count = 0; count < 5; count++) bytes[random.below(bytes.length)] = 128 + random.below(128);
      return bytes;
    }
    case 3:
      return Buffer.from(line.replace(/:(["{[])/, (_, start: string) => `:${'['.repeat(100_000)}${start}`));
    case 4:
      return Buffer.from(line.replace('"message"', `"message":[${'[],'.repeat(200_000)}[]],"other"`));
    case 5:
      return Buffer.from(`\ufeff${line}\r`);
    case 6:
      return Buffer.from(line.replaceAll(' ', '\u2028'));
    case 7:
      return Buffer.from(line.replace(/"timestamp":"[^"]*",?/, ''));
    case 8:
      return Buffer.from(line.replace(/"uuid":"[^"]*"/, '"uuid":"u1","parentUuid":"u1"'));
    case 9:
      return Buffer.from(random.pick(['', '   ', '\r', '\u0000'.repeat(1_000), 'null', '[]', '"text"', '{}', '7']));
    default:
      return Buffer.from(JSON.stringify(swapOne(record, random)).replaceAll('\n', ' '));
  }
}

function claudeRecords(number: number): object[] {
  const second = number % 50;
  const id = `tool${number}`;
  const call = { type: 'tool_use', id, name: 'Bash', input: { command: `mutant ${number}` } };
  return [
    user(second, `mutant prompt ${number}`),
    assistant(second, { type: 'text', text: `mutant answer ${number}` }, 'end_turn'),
    assistant(second, call, 'tool_use'),
    user(second, [{ type: 'tool_result', tool_use_id: id, content: `mutant ${number}` }], { toolUseResult: {} }),
    { type: 'system', subtype: 'informational', content: 'mutant', timestamp: at(second) },
    { type: 'summary', summary: 'mutant', leafUuid: 'u1' },
  ];
}

/** Everything that the events say, each in one text, after they have been checked. */
async function textsOf(events: readonly TimedEvent[]): Promise<string[]> {
  assert.equal(events.at(-1)?.event.kind, 'run.exited');
  const texts: string[] = [];
  for (const { timestamp, event } of events) {
    await nextTurn(); // so that the watch over long turns measures each check
    assert.match(timestamp, TIMESTAMP);
    assert.ok(!Number.isNaN(Date.parse(timestamp)), timestamp);
    const stored = JSON.parse(JSON.stringify(event.data)) as DraftEvent['data'];
    assert.ok(parseDraft(event.kind, stored), `${event.kind} has the shape of its kind`);
    texts.push(JSON.stringify(stored));
  }
  return texts;
}

async function readAll(events: AsyncIterable<TimedEvent>): Promise<{ events: TimedEvent[]; turns: number }> {
  let turns = 0;
  let isReading = true;
  const count = (): void => {
    turns++;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  const all: TimedEvent[] = [];
  for await (const event of events) all.push(event);
  isReading = false;
  return { events: all, turns };
}

async function find(search: typeof findClaudeSessions, agent: ImportingAgent, cwd: string): Promise<FoundSession[]> {
  const found: FoundSession[] = [];
  await search(agent, cwd, {
    signal: new AbortController().signal,
    onFound: (session) => found.push(session),
  });
  return found;
}

describe('the import of transcripts that were damaged', () => {
  let home: ClaudeHome;
  beforeEach(async () => {
    home = await ClaudeHome.create();
  });
  afterEach(async () => {
    await home.remove();
  });

  it(`imports ${COUNT} mutated transcripts' records of Claude and loses no whole one (seed ${FUZZ_SEED})`, async function () {
    this.timeout(LIMIT_MS);
    const random = new Random(FUZZ_SEED);
    const cwd = join(home.path, 'repository');
    const agent = { program: '', programArguments: [], environment: { CLAUDE_CONFIG_DIR: home.path } };
    for (let made = 0; made < COUNT; made += RECORDS_PER_TRANSCRIPT) {
      const id = newId();
      const lines: Buffer[] = [];
      const whole: string[] = [];
      const addWhole = (record: object, marker: string): void => {
        whole.push(marker);
        lines.push(Buffer.from(JSON.stringify({ cwd, sessionId: id, ...record })));
      };
      for (let index = 0; index < RECORDS_PER_TRANSCRIPT; index++) {
        lines.push(mutate(random.pick(claudeRecords(index)), random));
        if (index % 5 > 0 && index !== 7) continue;
        const marker = `whole-${index}-${random.below(1_000_000)}.`;
        if (index % 2 === 0) addWhole(user(index, `A prompt\u2028 ${marker}`), marker);
        else addWhole(assistant(index, { type: 'text', text: `An answer\u2029 ${marker}` }, 'end_turn'), marker);
      }
      const bytes = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
      const source = await home.writeBytes(cwd, id, bytes);
      const what = `transcript ${made / RECORDS_PER_TRANSCRIPT}`;

      const found = (await find(findClaudeSessions, agent, cwd)).find(({ nativeSessionId }) => nativeSessionId === id);
      // A mutated record may name another folder first, and is then a session of that folder.
      const session = found ?? { nativeSessionId: id, title: 'x', cwd, updatedAt: at(0), source };
      assert.ok(session.title.trim() !== '', what);
      const { events, turns } = await readAll(readClaudeSession(agent, session));
      const texts = await textsOf(events);
      const places = whole.map((marker) => texts.flatMap((text, place) => (text.includes(marker) ? [place] : [])));
      assert.ok(
        places.every(({ length }) => length === 1),
        `${what}: ${whole.join()} at ${JSON.stringify(places)}`,
      );
      assert.deepEqual(
        places.flat(),
        places.flat().sort((a, b) => a - b),
      );
      assert.ok(events.length <= 10 * lines.length, `${what}: ${events.length} events`);
      const { size } = await stat(source);
      assert.ok(turns >= size / MAX_BYTES_IN_TURN - 1, `${what}: ${turns} turns for ${size} bytes`);
    }
  });

  it(`imports ${COUNT} mutated transcripts' records of Codex and loses no whole one (seed ${FUZZ_SEED})`, async function () {
    this.timeout(LIMIT_MS);
    const random = new Random(FUZZ_SEED);
    const threads = join(home.path, 'threads.json');
    const program = process.execPath;
    const programArguments = [join(projectRoot, 'test/support/agents/codexServer.mjs')];
    const agent = { program, programArguments, environment: { ...process.env, CORRAL_CODEX_THREADS: threads } };
    const cwd = home.path;
    const itemsOf = (number: number): object[] => [
      { type: 'userMessage', content: [{ type: 'text', text: `mutant ${number}` }] },
      { type: 'agentMessage', id: `m${number}`, text: `mutant ${number}` },
      { type: 'commandExecution', id: `c${number}`, command: 'ls', status: 'completed', aggregatedOutput: 'mutant' },
      {
        type: 'fileChange',
        id: `f${number}`,
        changes: [{ path: 'a', kind: { type: 'add' }, diff: 'x' }],
        status: 'completed',
      },
      { type: 'reasoning', summary: ['mutant'], content: [] },
    ];
    for (let made = 0; made < COUNT; made += RECORDS_PER_TRANSCRIPT * CODEX_EVERY) {
      const whole: string[] = [];
      const turns = Array.from({ length: 10 }, (_, turn) => {
        const items = Array.from({ length: RECORDS_PER_TRANSCRIPT }, (_, index) => {
          if (index % 7 > 0) return swapOne(random.pick(itemsOf(index)), random);
          const marker = `whole-${turn}-${index}.`;
          whole.push(marker);
          return { type: 'agentMessage', id: `w${turn}-${index}`, text: `An answer\u2028 ${marker}` };
        });
        const record = { id: `t${turn}`, status: 'completed', items, startedAt: 1_770_000_000 + turn };
        // The items stay: only what is around them is another.
        return random.next() < 0.5 ? record : { ...(swapOne({ ...record, items: [] }, random) as object), items };
      });
      const thread = { id: 'one', preview: 'A prompt', cwd, updatedAt: 1_770_000_000, turns };
      const others = Array.from({ length: 5 }, (_, index) =>
        swapOne({ ...thread, id: `o${index}`, turns: [] }, random),
      );
      await writeFile(threads, JSON.stringify([...others, thread]));
      const session = (await find(findCodexSessions, agent, cwd)).find(
        ({ nativeSessionId }) => nativeSessionId === 'one',
      );
      assert.ok(session);
      const texts = await textsOf((await readAll(readCodexSession(agent, session))).events);
      for (const marker of whole)
        assert.equal(texts.filter((text) => text.includes(marker)).length, 1, `${marker} of thread ${made}`);
    }
  });
});
