import assert from 'node:assert/strict';
import { Playlist } from '../../../../../media/timeline/model/playlist';

describe('Playlist', () => {
  const run = (runId: string, ordinal: number, eventCount: number, firstMs: number, lastMs: number) => ({
    runId,
    ordinal,
    state: 'completed' as const,
    eventCount,
    turnsBefore: 0,
    firstMs,
    lastMs,
  });
  const playlist = new Playlist([run('a', 1, 3, 1_000, 5_000), run('b', 2, 0, 0, 0), run('c', 3, 2, 900_000, 901_000)]);

  it('plays runs back to back, without the time between them', () => {
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

  it('converts times of runs to its clock and back', () => {
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
