import assert from 'node:assert/strict';
import type { SavedState } from '../../../src/views/timelineProtocol';
import { TimelineHost } from '../../../src/views/timelineHost';
import { EventCache, WINDOW_SIZE } from '../../../media/eventCache';
import { HostConnection } from '../../../media/hostConnection';
import { TimelineModel } from '../../../media/timelineModel';
import { MemorySource, RUN, SESSION } from './memorySource';

const allow = { optionId: 'o', name: 'Allow', kind: 'allow_once' } as const;
const message = { kind: 'message', data: { role: 'user', text: 'x' } } as const;

/** A page's model and its host, joined by a channel that carries JSON only, as the editor's does. */
class Pair {
  readonly host: TimelineHost;
  readonly model: TimelineModel;
  saved: SavedState | undefined;

  constructor(source: MemorySource, saved?: SavedState) {
    this.model = new TimelineModel(
      SESSION,
      saved,
      (sent) => {
        this.host.receive(JSON.parse(JSON.stringify(sent)));
      },
      (state) => {
        this.saved = state;
      },
    );
    this.host = new TimelineHost(
      source,
      SESSION,
      (sent) => {
        this.model.receive(JSON.parse(JSON.stringify(sent)));
      },
      () => undefined,
    );
  }

  /** Waits until the model says so; each change of it is looked at. */
  async until(condition: (model: TimelineModel) => boolean): Promise<void> {
    if (condition(this.model)) return;
    await new Promise<void>((resolve) => {
      const unsubscribe = this.model.subscribe(() => {
        if (!condition(this.model)) return;
        unsubscribe();
        resolve();
      });
    });
  }
}

describe('TimelineModel', () => {
  let source: MemorySource;
  const pairs: Pair[] = [];
  const start = async (saved?: SavedState): Promise<Pair> => {
    const pair = new Pair(source, saved);
    pairs.push(pair);
    await pair.model.start();
    return pair;
  };
  beforeEach(() => {
    source = new MemorySource();
  });
  afterEach(() => {
    for (const pair of pairs.splice(0)) pair.host.dispose();
  });

  it('follows the end, and counts what is new once it does not', async () => {
    source.addMessages(3);
    const pair = await start();
    assert.deepEqual([pair.model.shownRows, pair.model.position], [3, undefined]);
    source.addMessages(2);
    await pair.until((model) => model.shownRows === 5);
    assert.equal(pair.model.newRows, 0);
    pair.model.setFollowing(false);
    source.addMessages(4);
    await pair.until((model) => model.newRows === 4);
    pair.model.setFollowing(true);
    assert.equal(pair.model.newRows, 0);
  });

  it('steps, keeps its place as events come, and follows again at the end', async () => {
    source.addMessages(10);
    const pair = await start();
    pair.model.step(-3);
    assert.equal(pair.model.shownRows, 7);
    assert.deepEqual(pair.saved?.position, { runId: RUN, seq: 7 });
    source.addMessages(1);
    await pair.until((model) => model.track.rowCount === 11);
    assert.equal(pair.model.shownRows, 7);
    pair.model.step(-100);
    assert.equal(pair.model.shownRows, 1);
    pair.model.moveTo(11);
    assert.equal(pair.model.position, undefined);
    assert.equal(pair.saved.position, undefined);
  });

  it('takes up what was saved, and ignores a place that is not there', async () => {
    source.addMessages(10);
    const pair = await start({ sessionId: SESSION, position: { runId: RUN, seq: 4 }, draft: 'half' });
    assert.deepEqual([pair.model.shownRows, pair.model.draft], [4, 'half']);
    const other = await start({ sessionId: SESSION, runId: 'zzzzzzzzzzzz', position: { runId: 'zzzzzzzzzzzz', seq: 4 } });
    assert.deepEqual([other.model.shownRows, other.model.runId], [10, undefined]);
  });

  it('plays from the start to the end by recorded time', async () => {
    source.addMessages(450, 100);
    const pair = await start();
    pair.model.setSpeed(100);
    pair.model.setPlaying(true);
    assert.equal(pair.model.shownRows, 1);
    pair.model.tick(0);
    await pair.until((model) => typeof model.eventAt(199) === 'object');
    pair.model.tick(50);
    assert.equal(pair.model.shownRows, 51);
    assert.equal(pair.model.elapsedMs, 5_000);
    while (pair.model.playing) {
      pair.model.tick(200);
      await new Promise((resolve) => {
        setImmediate(resolve);
      }); // windows are loaded meanwhile
    }
    assert.deepEqual([pair.model.shownRows, pair.model.position], [450, undefined]);
  });

  it('seeks to the event of a moment; of several drags the last one counts', async () => {
    source.addMessages(100);
    const pair = await start();
    await Promise.all([pair.model.seek(10_000), pair.model.seek(90_000), pair.model.seek(50_400)]);
    assert.equal(pair.model.shownRows, 51);
    assert.equal(pair.model.seekingMs, undefined);
  });

  it('shows one run or all', async () => {
    source.addMessages(3);
    source.add(message, 3_600_000, 'cccccccccccc', 2);
    const pair = await start();
    assert.equal(pair.model.shownRows, 4);
    pair.model.selectRun('cccccccccccc');
    assert.deepEqual(pair.model.track.placeOf(0), { runId: 'cccccccccccc', seq: 1 });
    assert.equal(pair.saved?.runId, 'cccccccccccc');
    pair.model.selectRun(undefined);
    assert.equal(pair.model.track.durationMs, 2_000);
  });

  it("knows a call's result and a request's answer only where they are shown", async () => {
    source.add({ kind: 'tool.call', data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] } });
    source.add({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output: '' } });
    source.add({ kind: 'permission.request', data: { requestId: 'r', title: 't', options: [allow] } });
    source.add({ kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'o' } });
    const pair = await start();
    pair.model.need(0, 3);
    await pair.until((model) => typeof model.eventAt(3) === 'object');
    assert.equal(pair.model.callOf(RUN, 'c').result?.seq, 2);
    assert.equal(pair.model.answerOf(RUN, 'r')?.seq, 4);
    pair.model.moveTo(1);
    assert.equal(pair.model.callOf(RUN, 'c').result, undefined);
    assert.equal(pair.model.callOf(RUN, 'c').call?.seq, 1);
    assert.equal(pair.model.answerOf(RUN, 'r'), undefined);
  });

  it('brings a whole event on request', async () => {
    source.add({ kind: 'message', data: { role: 'assistant', text: 'y'.repeat(20_000) } });
    const pair = await start();
    pair.model.need(0, 0);
    await pair.until((model) => typeof model.eventAt(0) === 'object');
    const preview = pair.model.eventAt(0);
    assert.ok(typeof preview === 'object' && preview.cut !== undefined);
    await pair.model.showWhole(preview);
    const whole = pair.model.eventAt(0);
    assert.ok(typeof whole === 'object' && whole.kind === 'message' && whole.data.text.length === 20_000);
  });

  it('keeps the draft where sending fails, and says why', async () => {
    const pair = await start();
    pair.model.setDraft('refused');
    await pair.model.send();
    assert.equal(pair.model.draft, 'refused');
    assert.deepEqual(pair.model.errors, ['It does not run.']);
    pair.model.dismiss('It does not run.');
    pair.model.setDraft('go');
    await pair.model.send();
    assert.deepEqual([pair.model.draft, pair.model.errors, source.calls], ['', [], [{ id: SESSION, text: 'go' }]]);
  });
});

describe('EventCache', () => {
  it('keeps a bounded number of windows, and asks for each once', async () => {
    const source = new MemorySource();
    source.addMessages(WINDOW_SIZE * 30);
    const asked: number[] = [];
    let loaded = 0;
    let wake: (() => void) | undefined;
    const cache = new EventCache(
      (runId, fromSeq, limit) => {
        asked.push(fromSeq);
        return source.runEvents(SESSION, runId, fromSeq, limit);
      },
      () => {
        loaded++;
        wake?.();
      },
      assert.ifError,
    );
    const total = WINDOW_SIZE * 30;
    for (let window = 0; window < 30; window++) {
      const from = window * WINDOW_SIZE + 1;
      cache.ensure(RUN, from, from + 10, total);
      cache.ensure(RUN, from, from + 10, total);
      while (loaded <= window)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    assert.equal(asked.length, 30);
    assert.equal(cache.windowCount, 20);
    assert.equal(cache.get(RUN, 1), undefined);
    const last = cache.get(RUN, total - WINDOW_SIZE + 1);
    assert.ok(typeof last === 'object' && last.seq === total - WINDOW_SIZE + 1);
  });

  it('asks only for the new part of a window that grows, and knows damaged records from those to come', async () => {
    const source = new MemorySource();
    source.addMessages(5);
    source.runs.get(RUN)?.splice(2, 1);
    const asked: string[] = [];
    let wake: (() => void) | undefined;
    const cache = new EventCache(
      (runId, fromSeq, limit) => {
        asked.push(`${String(fromSeq)}+${String(limit)}`);
        return source.runEvents(SESSION, runId, fromSeq, limit);
      },
      () => wake?.(),
      assert.ifError,
    );
    const ensure = async (count: number): Promise<void> => {
      const changed = new Promise<void>((resolve) => {
        wake = resolve;
      });
      cache.ensure(RUN, 1, count, count);
      await changed;
    };
    await ensure(5);
    assert.deepEqual([cache.get(RUN, 3), cache.get(RUN, 6)], ['missing', undefined]);
    assert.ok(typeof cache.get(RUN, 5) === 'object');
    source.runs.get(RUN)?.push({ id: 8, sessionId: SESSION, runId: RUN, seq: 6, timestamp: '2026-01-05T10:00:00.000Z', ...message });
    await ensure(6);
    assert.deepEqual(asked, ['1+5', '6+1']);
    assert.ok(typeof cache.get(RUN, 6) === 'object');
  });

  it('reports a failed window and does not ask for it again at once', async () => {
    let asked = 0;
    const errors: unknown[] = [];
    let wake: (() => void) | undefined;
    const cache = new EventCache(
      () => {
        asked++;
        return Promise.reject(new Error('no'));
      },
      () => wake?.(),
      (error) => errors.push(error),
    );
    const changed = new Promise<void>((resolve) => {
      wake = resolve;
    });
    cache.ensure(RUN, 1, 1, 1);
    await changed;
    cache.ensure(RUN, 1, 1, 1);
    assert.deepEqual([asked, errors.length], [1, 1]);
  });
});

function unexpected(): never {
  assert.fail('nothing was to arrive');
}

describe('HostConnection', () => {
  it('ends a request that is never answered, and ignores an answer that is too late', async () => {
    const sent: unknown[] = [];
    const connection = new HostConnection((each) => sent.push(each), { sessionChanged: unexpected, failed: unexpected }, 5);
    await assert.rejects(connection.request('stop', {}), /did not answer/);
    connection.receive({ type: 'answer', requestNumber: 1, result: {} });
    assert.equal(sent.length, 1);
  });

  it('rejects an answer of the wrong shape, and reports other messages of the wrong shape', async () => {
    const failures: string[] = [];
    const connection = new HostConnection(() => undefined, { sessionChanged: unexpected, failed: (reason) => failures.push(reason) });
    const request = connection.request('seqAt', { runId: RUN, timeMs: 1 });
    connection.receive({ type: 'answer', requestNumber: 1, result: { seq: 0 } });
    await assert.rejects(request, /not valid/);
    connection.receive({ type: 'session', session: {} });
    connection.receive('x');
    assert.equal(failures.length, 2);
  });
});
