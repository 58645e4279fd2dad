import assert from 'node:assert/strict';
import { IDLE_CAP_MS, advance } from '../../../../../media/timeline/model/replayClock';

const times = [0, 100, 100, 100, 500, 60_500, 60_600];
const timeOf = (row: number): number | undefined => times[row];
const last = times.length - 1;

describe('advance', () => {
  it('shows an event when its recorded time has passed, and carries the rest', () => {
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

  it('plays long pauses in full if idle time is not skipped', () => {
    const atFive = { speed: 5, skipIdle: false } as const;
    assert.deepEqual(advance({ row: 4, carriedMs: 0 }, 10_000, atFive, last, timeOf), { row: 4, carriedMs: 50_000 });
    assert.deepEqual(advance({ row: 4, carriedMs: 50_000 }, 2_010, atFive, last, timeOf), { row: 5, carriedMs: 50 });
  });

  it('waits for rows that are not loaded, and does not catch up', () => {
    assert.deepEqual(
      advance({ row: 0, carriedMs: 0 }, 10_000, { speed: 100, skipIdle: true }, last, (row) =>
        row > 2 ? undefined : times[row],
      ),
      { row: 2, carriedMs: 0 },
    );
  });

  it('stops at the end, and passes rows whose times run backwards', () => {
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
