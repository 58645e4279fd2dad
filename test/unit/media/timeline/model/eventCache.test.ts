import assert from 'node:assert/strict';
import { EventCache, MAX_WINDOWS } from '../../../../../media/timeline/model/eventCache';
import { WINDOW_SIZE } from '../../../../../src/protocol/timelineProtocol';
import { MemorySource, RUN, SESSION } from '../../../views/timeline/memorySource';

const message = { kind: 'message', data: { role: 'user', text: 'x' } } as const;

describe('EventCache', () => {
  it('keeps a bounded number of windows and loads each once', async () => {
    const source = new MemorySource();
    source.addMessages(WINDOW_SIZE * (MAX_WINDOWS + 10));
    const asked: number[] = [];
    let loaded = 0;
    let wake: (() => void) | undefined;
    const cache = new EventCache(
      (runId, fromSeq, limit) => {
        asked.push(fromSeq);
        return source.eventsOf(runId, fromSeq, limit);
      },
      () => {
        loaded++;
        wake?.();
      },
      assert.ifError,
    );
    const total = WINDOW_SIZE * (MAX_WINDOWS + 10);
    for (let window = 0; window < MAX_WINDOWS + 10; window++) {
      const from = window * WINDOW_SIZE + 1;
      cache.ensure(RUN, from, from + 10, total);
      cache.ensure(RUN, from, from + 10, total);
      while (loaded <= window)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
    assert.equal(asked.length, MAX_WINDOWS + 10);
    const kept = Array.from({ length: MAX_WINDOWS + 10 }, (_, window) => cache.get(RUN, window * WINDOW_SIZE + 1));
    assert.deepEqual(
      kept.map((event) => event !== undefined),
      kept.map((_, window) => window >= 10),
    );
    const last = cache.get(RUN, total - WINDOW_SIZE + 1);
    assert.ok(typeof last === 'object' && last.seq === total - WINDOW_SIZE + 1);
  });

  it('does not load events that were pushed, and ignores pushed events after a gap', async () => {
    const source = new MemorySource();
    source.addMessages(WINDOW_SIZE + 3);
    const all = await source.eventsOf(RUN, 1, WINDOW_SIZE + 3);
    const asked: number[] = [];
    const cache = new EventCache(
      (_runId, fromSeq) => {
        asked.push(fromSeq);
        return new Promise(() => undefined);
      },
      () => undefined,
      assert.ifError,
    );
    cache.add(all.slice(10, 20));
    assert.equal(cache.get(RUN, 11), undefined);
    cache.add(all);
    cache.ensure(RUN, 1, all.length, all.length);
    assert.deepEqual(asked, []);
    for (const event of all) assert.deepEqual(cache.get(RUN, event.seq), event);
    cache.add(all.slice(-1));
    assert.equal(cache.get(RUN, all.length + 1), undefined);
  });

  it('loads only the new part of a growing window, and tells damaged records from those to come', async () => {
    const source = new MemorySource();
    source.addMessages(5);
    source.runs.get(RUN)?.splice(2, 1);
    const asked: string[] = [];
    let wake: (() => void) | undefined;
    const cache = new EventCache(
      (runId, fromSeq, limit) => {
        asked.push(`${String(fromSeq)}+${String(limit)}`);
        return source.eventsOf(runId, fromSeq, limit);
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
    source.runs
      .get(RUN)
      ?.push({ id: 8, sessionId: SESSION, runId: RUN, seq: 6, timestamp: '2026-01-05T10:00:00.000Z', ...message });
    await ensure(6);
    assert.deepEqual(asked, ['1+5', '6+1']);
    assert.ok(typeof cache.get(RUN, 6) === 'object');
  });

  it('reports a window that cannot be loaded, and does not load it again at once', async () => {
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
