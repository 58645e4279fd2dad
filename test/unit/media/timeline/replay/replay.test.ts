import assert from 'node:assert/strict';
import { IDLE_CAP_MS, advance } from '../../../../../media/timeline/replay/replayClock';
import { formatAge, formatClock, formatDuration, formatTime } from '../../../../../media/shared/times';
import { Playlist } from '../../../../../media/timeline/replay/playlist';

const times = [0, 100, 100, 100, 500, 60_500, 60_600];
const timeOf = (row: number): number | undefined => times[row];
const last = times.length - 1;

describe('advance', () => {
  it('shows an event when its recorded time has passed, and carries what is left', () => {
    assert.deepEqual(advance({ row: 0, carriedMs: 0 }, 50, { speed: 1, skipIdle: true }, last, timeOf), {
      row: 0,
      carriedMs: 50,
    });
    assert.deepEqual(advance({ row: 0, carriedMs: 50 }, 60, { speed: 1, skipIdle: true }, last, timeOf), {
      row: 3,
      carriedMs: 10,
    });
    assert.deepEqual(advance({ row: 0, carriedMs: 0 }, 25, { speed: 20, skipIdle: true }, last, timeOf), {
      row: 4,
      carriedMs: 0,
    });
  });

  it('caps long pauses, and divides them by the speed', () => {
    assert.equal(advance({ row: 4, carriedMs: 0 }, IDLE_CAP_MS - 1, { speed: 1, skipIdle: true }, last, timeOf).row, 4);
    assert.equal(advance({ row: 4, carriedMs: 0 }, IDLE_CAP_MS, { speed: 1, skipIdle: true }, last, timeOf).row, 5);
    assert.equal(
      advance({ row: 4, carriedMs: 0 }, IDLE_CAP_MS / 100, { speed: 100, skipIdle: true }, last, timeOf).row,
      5,
    );
  });

  it('waits for long pauses where idle time is not skipped', () => {
    const atFive = { speed: 5, skipIdle: false } as const;
    assert.deepEqual(advance({ row: 4, carriedMs: 0 }, 10_000, atFive, last, timeOf), { row: 4, carriedMs: 50_000 });
    assert.deepEqual(advance({ row: 4, carriedMs: 50_000 }, 2_010, atFive, last, timeOf), { row: 5, carriedMs: 50 });
  });

  it('waits for what is not loaded and saves up no time', () => {
    assert.deepEqual(
      advance({ row: 0, carriedMs: 0 }, 10_000, { speed: 100, skipIdle: true }, last, (row) =>
        row > 2 ? undefined : times[row],
      ),
      { row: 2, carriedMs: 0 },
    );
  });

  it('stops at the end, and survives times that run backwards', () => {
    assert.deepEqual(advance({ row: 5, carriedMs: 0 }, 1e9, { speed: 100, skipIdle: true }, last, timeOf), {
      row: 6,
      carriedMs: 0,
    });
    assert.deepEqual(
      advance({ row: 0, carriedMs: 0 }, 1, { speed: 1, skipIdle: true }, 2, (row) => 100 - row),
      { row: 2, carriedMs: 0 },
    );
  });
});

describe('times in words', () => {
  it('are short', () => {
    assert.equal(formatClock(0), '00:00:00');
    assert.equal(formatClock(3_723_999), '01:02:03');
    assert.equal(formatClock(-5), '00:00:00');
    assert.deepEqual([340.4, 1_240, 59_960, 185_000, 7_440_000].map(formatDuration), [
      '340 ms',
      '1.2 s',
      '1 min 0 s',
      '3 min 5 s',
      '2 h 4 min',
    ]);
    const now = 1e12;
    assert.deepEqual(
      [-1e9, 0, 59_999, 60_000, 7_300_000, 3e8, NaN].map((age) => formatAge(now - age, now)),
      ['just now', 'just now', 'just now', '1 min ago', '2 h ago', '3 days ago', 'just now'],
    );
  });
});

describe('Track', () => {
  const run = (runId: string, ordinal: number, eventCount: number, firstMs: number, lastMs: number) => ({
    runId,
    ordinal,
    state: 'completed' as const,
    eventCount,
    firstMs,
    lastMs,
  });
  const playlist = new Playlist([run('a', 1, 3, 1_000, 5_000), run('b', 2, 0, 0, 0), run('c', 3, 2, 900_000, 901_000)]);

  it('lays runs end to end, without the time between them', () => {
    assert.equal(playlist.rowCount, 5);
    assert.equal(playlist.durationMs, 5_000);
    assert.deepEqual(
      [0, 2, 3, 4].map((row) => playlist.placeOf(row)),
      [
        { runId: 'a', seq: 1 },
        { runId: 'a', seq: 3 },
        { runId: 'c', seq: 1 },
        { runId: 'c', seq: 2 },
      ],
    );
    for (let row = 0; row < playlist.rowCount; row++)
      assert.equal(playlist.rowOf(playlist.placeOf(row) ?? { runId: '', seq: 0 }), row);
    assert.deepEqual(
      [
        playlist.placeOf(-1),
        playlist.placeOf(5),
        playlist.rowOf({ runId: 'a', seq: 4 }),
        playlist.rowOf({ runId: 'x', seq: 1 }),
      ],
      [undefined, undefined, undefined, undefined],
    );
  });

  it('turns times into places on its clock and back', () => {
    assert.equal(playlist.elapsedMs('a', 3_000), 2_000);
    assert.equal(playlist.elapsedMs('c', 900_500), 4_500);
    assert.equal(playlist.elapsedMs('c', 1e12), 5_000);
    assert.deepEqual(playlist.momentAt(2_000), { runId: 'a', timeMs: 3_000 });
    assert.deepEqual(playlist.momentAt(4_500), { runId: 'c', timeMs: 900_500 });
    assert.deepEqual(playlist.momentAt(9_999), { runId: 'c', timeMs: 901_000 });
    assert.equal(new Playlist([]).momentAt(0), undefined);
    assert.equal(new Playlist([run('b', 1, 0, 0, 0)]).momentAt(0), undefined);
  });
});

describe('momentOf', () => {
  it('says the date of another day', () => {
    const now = new Date(2026, 10, 21, 0, 5);
    const [today, yesterday] = [new Date(2026, 10, 21, 0, 1), new Date(2026, 10, 20, 23, 59)];
    assert.equal(formatTime(today.getTime(), now.getTime()), today.toLocaleTimeString());
    assert.equal(formatTime(yesterday.getTime(), now.getTime()), yesterday.toLocaleString());
  });
});
