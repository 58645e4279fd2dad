import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import { CallIndex } from '../../../../../../media/timeline/model/rows/callIndex';
import { EventFolds } from '../../../../../../media/timeline/model/rows/eventFolds';
import type { Detail, TimelineEvent } from '../../../../../../src/protocol/timelineProtocol';
import { parseDraft } from '../../../../../../src/storage/events';
import type { DraftEvent } from '../../../../../../src/storage/events';
import { projectRoot } from '../../../../../support/project';
import { Random } from '../../../../../support/random';
import { RUN, SESSION } from '../../../../views/timeline/memorySource';

/** Small, so that short recordings have several. */
const WINDOW_SIZE = 5;
const RECORDINGS = join(projectRoot, 'test/fixtures/agents/golden');

function numbered(drafts: readonly DraftEvent[]): TimelineEvent[] {
  const place = { sessionId: SESSION, runId: RUN, timestamp: '2026-01-05T09:00:00.000Z' };
  return drafts.map((draft, index) => ({ ...draft, ...place, id: index + 1, seq: index + 1 }));
}

/** What real agents did, from the expected events of their recordings. */
async function recordedRuns(): Promise<Map<string, TimelineEvent[]>> {
  const runs = new Map<string, TimelineEvent[]>();
  for (const name of await readdir(RECORDINGS)) {
    const drafts = (await readFile(join(RECORDINGS, name), 'utf8')).split('\n').flatMap((line) => {
      const [, kind = '', data = ''] = /^(\S+) (\{.*\})$/.exec(line) ?? [];
      return kind === '' ? [] : (parseDraft(kind, JSON.parse(data)) ?? []);
    });
    runs.set(name, numbered(drafts));
  }
  return runs;
}

/** Folds events whose windows come in the given order, each in parts. */
class Folding {
  readonly calls = new CallIndex();
  readonly folds = new EventFolds({ calls: this.calls, windowSize: WINDOW_SIZE });
  readonly #events: readonly TimelineEvent[];

  constructor(events: readonly TimelineEvent[], detail: Detail) {
    this.#events = events;
    this.folds.setDetail(detail);
  }

  load(window: number, count = WINDOW_SIZE): void {
    const firstSeq = window * WINDOW_SIZE + 1;
    const events = this.#events.slice(firstSeq - 1, firstSeq - 1 + count);
    for (const event of events) this.calls.add(event);
    this.folds.update({ runId: RUN, firstSeq, events });
  }

  rows(): (number | undefined)[] {
    return this.#events.map((event) => this.folds.rowOf(event));
  }
}

function call(callId: string, category: 'read' | 'search' | 'execute', parentCallId?: string): DraftEvent {
  const data = { callId, name: category === 'execute' ? 'Bash' : 'Read', title: callId, input: {}, locations: [] };
  return { kind: 'tool.call', data: { ...data, category, ...(parentCallId === undefined ? {} : { parentCallId }) } };
}

function result(callId: string, status: 'ok' | 'failed' = 'ok'): DraftEvent {
  return { kind: 'tool.result', data: { callId, status, output: '' } };
}

function rowsOf(drafts: readonly DraftEvent[], detail: Detail = 'normal'): (number | undefined)[] {
  const folding = new Folding(numbered(drafts), detail);
  for (let window = 0; window * WINDOW_SIZE < drafts.length; window++) folding.load(window);
  return folding.rows();
}

describe('EventFolds', () => {
  it('puts the results of parallel calls into the rows of their calls', () => {
    const drafts = [call('a', 'execute'), call('b', 'execute'), result('b'), result('a')];
    assert.deepEqual(rowsOf(drafts), [1, 2, 2, 1]);
  });

  it('groups reads and searches in a row, and nothing beyond what stands between them', () => {
    const message: DraftEvent = { kind: 'message', data: { role: 'assistant', text: 'x' } };
    const usage: DraftEvent = { kind: 'usage', data: {} };
    const drafts = [
      call('a', 'read'),
      result('a'),
      usage,
      call('b', 'search'),
      result('b'),
      message,
      call('c', 'read'),
    ];
    assert.deepEqual(rowsOf(drafts), [1, 1, undefined, 1, 1, 6, 7]);
    assert.deepEqual(rowsOf(drafts, 'everything'), [1, 2, 3, 4, 5, 6, 7]);
    const ran = [call('a', 'read'), result('a'), call('b', 'execute'), result('b')];
    assert.deepEqual(
      [rowsOf(ran), rowsOf(ran, 'summary')],
      [
        [1, 1, 3, 3],
        [1, 1, 1, 1],
      ],
    );
  });

  it('folds a sub-agent into the row of the call that started it', () => {
    const task: DraftEvent = {
      kind: 'tool.call',
      data: { callId: 't', name: 'Task', title: 't', input: {}, category: 'think', locations: [] },
    };
    const thought: DraftEvent = { kind: 'reasoning', data: { text: 'x', parentCallId: 't' } };
    const drafts = [call('r', 'read'), task, call('a', 'read', 't'), thought, result('a'), result('t'), result('r')];
    assert.deepEqual(rowsOf(drafts), [1, 2, 2, 2, 2, 2, 1]);
  });

  it('shows a call that only updates the plan where it failed', () => {
    const todo: DraftEvent = {
      kind: 'tool.call',
      data: { callId: 'p', name: 'TodoWrite', title: 't', input: {}, category: 'think', locations: [] },
    };
    assert.deepEqual(rowsOf([todo, result('p')]), [undefined, undefined]);
    assert.deepEqual(rowsOf([todo, result('p', 'failed')]), [1, 1]);
  });

  it('puts the snapshot and the end of the run into the end of the turn', () => {
    const ended: DraftEvent = { kind: 'turn.ended', data: { turn: 1, stopReason: 'end_turn', failed: false } };
    const snapshot: DraftEvent = { kind: 'snapshot', data: { commit: 'a', tree: 'b' } };
    const exited = (outcome: 'completed' | 'failed'): DraftEvent => ({
      kind: 'run.exited',
      data: { outcome, exitCode: 0, signal: null, reason: '' },
    });
    assert.deepEqual(rowsOf([ended, snapshot, exited('completed')]), [1, 1, 1]);
    assert.deepEqual(rowsOf([ended, snapshot, exited('failed'), snapshot]), [1, 1, 3, 3]);
  });

  it('follows no calls in a circle', () => {
    assert.deepEqual(rowsOf([call('a', 'execute', 'b'), call('b', 'execute', 'a'), result('a')]), [1, 1, 1]);
    assert.deepEqual(rowsOf([call('a', 'execute', 'a'), result('a')]), [1, 1]);
  });

  it('folds recorded runs of real agents alike, in whatever order and parts they are loaded', async () => {
    const random = new Random(20_261_129);
    const runs = await recordedRuns();
    assert.ok(runs.size > 50);
    for (const [name, events] of runs) {
      for (const detail of ['summary', 'normal'] as const) {
        const whole = new Folding(events, detail);
        const windows = Array.from({ length: Math.ceil(events.length / WINDOW_SIZE) }, (_, window) => window);
        for (const window of windows) whole.load(window);
        const parts = new Folding(events, detail);
        const order = windows.map((window) => ({ window, place: random.next() })).sort((a, b) => a.place - b.place);
        for (const { window } of order) {
          parts.load(window, 1 + random.below(WINDOW_SIZE));
          parts.load(window);
        }
        assert.deepEqual(parts.rows(), whole.rows(), name);
        for (const [index, row] of whole.rows().entries()) {
          if (row === undefined) continue;
          const head = events[row - 1];
          assert.ok(head !== undefined && whole.folds.rowOf(head) === row && row <= index + 1, name);
        }
      }
    }
  });
});
