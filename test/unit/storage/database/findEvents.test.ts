import assert from 'node:assert/strict';
import type { DraftEvent } from '../../../../src/storage/events';
import { newId } from '../../../../src/storage/ids';
import type { StoreIndex } from '../../../../src/storage/database/storeIndex';
import type { QueryParameters, QueryResult } from '../../../../src/storage/timelineQueries';
import { SAME_TEXTS } from '../search/sameTexts';
import { StoreFixture, exited, say, started, syncAll } from '../storeFixture';

type FindQuery = QueryParameters<'findEvents'>;
const EVERYTHING = { fromSeq: 1, toSeq: 100, text: '', failed: false, tool: '', file: '' };

describe('findEvents', () => {
  let store: StoreFixture;
  let index: StoreIndex;
  let sessionId: string;
  const runId = newId();
  const call: DraftEvent = {
    kind: 'tool.call',
    data: {
      callId: 'c1',
      name: 'Bash',
      title: 'Run it',
      input: { command: 'echo "a\\b"\n100%_ÄÖ' },
      category: 'execute',
      locations: [{ path: 'src/a.ts' }],
    },
  };
  const events: DraftEvent[] = [
    started(1),
    say('Hello World'),
    call,
    { kind: 'tool.result', data: { callId: 'c1', status: 'failed', output: 'no world' } },
    { kind: 'tool.result', data: { callId: 'c2', status: 'ok', output: '' } },
    { kind: 'error', data: { message: 'broken' } },
    { kind: 'turn.ended', data: { turn: 1, stopReason: 'end', failed: true } },
    { kind: 'turn.ended', data: { turn: 2, stopReason: 'end', failed: false } },
    exited,
  ];

  before(async () => {
    store = await StoreFixture.make();
    sessionId = await store.makeSession({ kind: 'run.queued', data: { runId, ordinal: 1, prompt: 'x' } });
    await store.events(sessionId, runId, events);
    index = await store.openIndex();
    await syncAll(index, sessionId);
  });
  after(async () => {
    await store.remove();
  });

  const find = async (query: Partial<FindQuery>): Promise<number[]> =>
    (await index.query(sessionId, 'findEvents', { runId, ...EVERYTHING, ...query })).seqs;

  it('finds a text in values, whatever its case, and none in the names of fields', async () => {
    assert.deepEqual(await find({ text: 'WORLD' }), [2, 4]);
    assert.deepEqual(await find({ text: 'src/a' }), [3]);
    for (const text of ['role', 'status":', 'callId']) assert.deepEqual(await find({ text }), [], text);
  });

  it('takes every character of the text as itself', async () => {
    for (const text of ['"a\\b"', '\n100', '100%_', '%_Ä', 'ÄÖ'])
      assert.deepEqual(await find({ text }), [3], JSON.stringify(text));
    for (const text of ['100_', 'H%d', "'; DROP TABLE session_events; --"])
      assert.deepEqual(await find({ text }), [], text);
  });

  it('finds the same in every normal form and case as the search over history (E5)', async () => {
    const run = newId();
    const other = await store.makeSession({ kind: 'run.queued', data: { runId: run, ordinal: 1, prompt: 'x' } });
    await store.events(other, run, [started(1), ...SAME_TEXTS.map(({ text }) => say(text)), exited]);
    await syncAll(index, other);
    const findHere = async (text: string): Promise<number[]> =>
      (await index.query(other, 'findEvents', { runId: run, ...EVERYTHING, text })).seqs;
    for (const [row, { wanted, unwanted }] of SAME_TEXTS.entries()) {
      for (const text of wanted) assert.ok((await findHere(text)).includes(row + 2), `${text} in row ${row}`);
      for (const text of unwanted) assert.ok(!(await findHere(text)).includes(row + 2), `${text} not in row ${row}`);
    }
    for (const text of ['\u0000', 'no such\u0000']) assert.ok((await findHere(text)).length <= 1, 'NUL is no wildcard');
  });

  it('finds failures of every kind', async () => {
    assert.deepEqual(await find({ failed: true }), [4, 6, 7]);
    assert.deepEqual(await find({ failed: true, text: 'world' }), [4]);
  });

  it('lists the kinds that were asked for, and counts all', async () => {
    const found = await index.query(sessionId, 'findEvents', {
      ...EVERYTHING,
      runId,
      fromSeq: 2,
      toSeq: 8,
      kinds: ['tool.result', 'message'],
    });
    assert.deepEqual(found, {
      seqs: [2, 4, 5],
      counts: { message: 1, 'tool.call': 1, 'tool.result': 2, error: 1, 'turn.ended': 2 },
    });
  });

  it('looks at no other run', async () => {
    assert.deepEqual(await find({ runId: newId() }), []);
  });

  it('finds what a tool did, what touched a file, and names both', async () => {
    const runOfTools = newId();
    const toolCall = (callId: string, name: string, ...paths: string[]): DraftEvent => ({
      kind: 'tool.call',
      data: { callId, name, title: name, input: {}, category: 'edit', locations: paths.map((path) => ({ path })) },
    });
    const result = (callId: string): DraftEvent => ({
      kind: 'tool.result',
      data: { callId, status: 'ok', output: '' },
    });
    const other = await store.makeSession({ kind: 'run.queued', data: { runId: runOfTools, ordinal: 1, prompt: 'x' } });
    await store.events(other, runOfTools, [
      started(1),
      toolCall('a', 'Edit', 'src/a.ts'),
      { kind: 'file.change', data: { path: 'src/a.ts', change: 'modified', callId: 'a' } },
      result('a'),
      toolCall('b', 'Read', 'src/b.ts', 'src/100%.ts'),
      { kind: 'permission.request', data: { requestId: 'r', title: 't', callId: 'b', options: [] } },
      result('b'),
      toolCall('c', 'Edit'),
      { kind: 'file.change', data: { path: 'docs/A.md', change: 'added' } },
      exited,
    ]);
    await syncAll(index, other);
    const findHere = async (query: Partial<FindQuery>): Promise<number[]> =>
      (await index.query(other, 'findEvents', { runId: runOfTools, ...EVERYTHING, ...query })).seqs;
    assert.deepEqual(await findHere({ tool: 'Edit' }), [2, 3, 4, 8]);
    assert.deepEqual(await findHere({ tool: 'Read' }), [5, 6, 7]);
    assert.deepEqual(await findHere({ tool: 'edit' }), []);
    assert.deepEqual(await findHere({ file: 'SRC/A' }), [2, 3, 4]);
    assert.deepEqual(await findHere({ file: '0%' }), [5, 6, 7]);
    assert.deepEqual(await findHere({ file: 'a.' }), [2, 3, 4, 9]);
    assert.deepEqual(await findHere({ file: 'a.', tool: 'Edit' }), [2, 3, 4]);
    assert.deepEqual(await findHere({ file: 'a.', tool: 'Edit', fromSeq: 4 }), [4]);
    assert.deepEqual(await index.query(other, 'facets', { runId: runOfTools, fromSeq: 1, toSeq: 100 }), {
      tools: [
        { name: 'Edit', count: 2 },
        { name: 'Read', count: 1 },
      ],
      files: [
        { name: 'src/a.ts', count: 2 },
        { name: 'docs/A.md', count: 1 },
        { name: 'src/100%.ts', count: 1 },
        { name: 'src/b.ts', count: 1 },
      ],
    });
    assert.deepEqual(await index.query(other, 'facets', { runId: runOfTools, fromSeq: 9, toSeq: 9 }), {
      tools: [],
      files: [{ name: 'docs/A.md', count: 1 }],
    });
  });

  it('counts kinds by stretches of time, in a bounded part of a run', async () => {
    const [first] = await index.query(sessionId, 'runEvents', { runId, fromSeq: 1, limit: 1 });
    const startMs = Date.parse(first?.timestamp ?? '');
    const whole = await index.query(sessionId, 'density', { runId, fromSeq: 1, toSeq: 1e9, startMs, stretchMs: 1e9 });
    assert.deepEqual(
      new Map(whole.map(({ stretch, kind, count }) => [`${String(stretch)} ${kind}`, count])),
      new Map([
        ['0 error', 1],
        ['0 message', 1],
        ['0 run.exited', 1],
        ['0 run.started', 1],
        ['0 tool.call', 1],
        ['0 tool.result', 2],
        ['0 turn.ended', 2],
      ]),
    );
    for (const { seq, timestamp, kind } of await index.query(sessionId, 'runEvents', {
      runId,
      fromSeq: 1,
      limit: 100,
    })) {
      const stretchMs = 7;
      assert.deepEqual(
        await index.query(sessionId, 'density', { runId, fromSeq: seq, toSeq: seq, startMs, stretchMs }),
        [{ stretch: Math.floor((Date.parse(timestamp) - startMs) / stretchMs), kind, count: 1 }],
      );
    }
    assert.deepEqual(
      await index.query(sessionId, 'density', { runId: newId(), fromSeq: 1, toSeq: 100, startMs, stretchMs: 7 }),
      [],
    );
  });

  it('names the longest times without an event, and those of the asked length alone', async () => {
    const times = (await index.query(sessionId, 'runEvents', { runId, fromSeq: 1, limit: 100 })).map(({ timestamp }) =>
      Date.parse(timestamp),
    );
    const gaps = times.slice(1).map((toMs, at) => ({ fromMs: times[at] ?? 0, toMs }));
    const lengthOf = ({ fromMs, toMs }: { fromMs: number; toMs: number }): number => toMs - fromMs;
    const part = { runId, fromSeq: 1, toSeq: 1e9 };
    for (const minimumMs of [1, Math.max(...gaps.map(lengthOf)), 1e9]) {
      const found = await index.query(sessionId, 'pauses', { ...part, minimumMs });
      const expected = gaps.filter((gap) => lengthOf(gap) >= minimumMs);
      assert.deepEqual(
        [...found].sort((a, b) => a.fromMs - b.fromMs),
        expected,
      );
      assert.deepEqual(
        found.map(lengthOf),
        [...found].map(lengthOf).sort((a, b) => b - a),
      );
    }
  });

  it('adds up what a part of a run says about its session', async () => {
    const moment = async (fromSeq: number, toSeq: number): Promise<QueryResult<'moment'>> =>
      await index.query(sessionId, 'moment', { runId, fromSeq, toSeq });
    const nothing = { usage: { inputTokens: 0, outputTokens: 0, cachedTokens: 0, costUsd: 0 }, stopping: false };
    assert.deepEqual(await moment(1, 2), { ...nothing, questions: 0, edits: 0 });
    assert.deepEqual(await moment(1, events.length), { ...nothing, questions: 0, edits: 0, ended: 'completed' });
    const other = newId();
    const snapshot = { commit: 'c'.repeat(40), tree: 't', files: 2, addedLines: 3, removedLines: 1 };
    const edit: DraftEvent = { kind: 'file.change', data: { path: 'a', change: 'modified' } };
    const session = await store.makeSession({ kind: 'run.queued', data: { runId: other, ordinal: 1, prompt: 'x' } });
    await store.events(session, other, [
      started(1),
      { kind: 'usage', data: { inputTokens: 5, costUsd: 0.5 } },
      edit,
      { kind: 'snapshot', data: snapshot },
      edit,
      { kind: 'usage', data: { inputTokens: 7, outputTokens: 1 } },
      { kind: 'permission.request', data: { requestId: 'r', title: 'x', options: [] } },
    ]);
    await syncAll(index, session);
    const { snapshot: found, ...facts } = await index.query(session, 'moment', { runId: other, fromSeq: 1, toSeq: 7 });
    assert.deepEqual(facts, {
      usage: { inputTokens: 12, outputTokens: 1, cachedTokens: 0, costUsd: 0.5 },
      stopping: false,
      questions: 1,
      edits: 1,
    });
    assert.deepEqual([found?.seq, found?.commit, found?.files], [4, snapshot.commit, 2]);
  });
});
