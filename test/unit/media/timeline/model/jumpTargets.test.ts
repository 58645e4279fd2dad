import assert from 'node:assert/strict';
import { findJumpTarget } from '../../../../../media/timeline/model/jumpTargets';
import { Playlist } from '../../../../../media/timeline/model/playlist';

const RUNS = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc'] as const;
const LENGTHS = [10, 45_000, 5];

/** A turn starts at the second event of each run, and nowhere else. */
const context = {
  playlist: () =>
    new Playlist(
      RUNS.map((runId, index) => ({
        runId,
        ordinal: index + 1,
        state: 'completed',
        eventCount: LENGTHS[index] ?? 0,
        turnsBefore: 0,
        firstMs: 0,
        lastMs: 1,
      })),
    ),
  find: ({ fromSeq, toSeq, kinds }: { fromSeq: number; toSeq: number; kinds?: readonly string[] | undefined }) =>
    Promise.resolve({
      seqs: kinds?.includes('turn.started') === true && fromSeq <= 2 && toSeq >= 2 ? [2] : [],
      counts: {},
    }),
};

describe('findJumpTarget', () => {
  it('finds the next and the previous target over all runs', async () => {
    const rowOf = (row: number, direction: 'back' | 'forward'): Promise<number | undefined> =>
      findJumpTarget(context, 'turn', row, direction);
    assert.deepEqual(
      [await rowOf(0, 'forward'), await rowOf(1, 'forward'), await rowOf(2, 'forward'), await rowOf(12, 'forward')],
      [1, 1, 11, 45_011],
    );
    assert.deepEqual(
      [await rowOf(45_014, 'back'), await rowOf(45_010, 'back'), await rowOf(10, 'back'), await rowOf(1, 'back')],
      [45_011, 11, 1, 1],
    );
    assert.deepEqual(
      [await rowOf(45_012, 'forward'), await rowOf(0, 'back'), await rowOf(-1, 'back')],
      [undefined, undefined, undefined],
    );
  });

  it('finds nothing if there is no target or no answer', async () => {
    assert.equal(await findJumpTarget(context, 'failure', 0, 'forward'), undefined);
    assert.equal(
      await findJumpTarget({ ...context, find: () => Promise.resolve(undefined) }, 'turn', 0, 'forward'),
      undefined,
    );
  });
});
