import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { EventFind, type FoundAside } from '../../../../../media/timeline/model/eventFind';
import { NO_CRITERIA } from '../../../../../media/timeline/model/eventFilter';
import { Playlist } from '../../../../../media/timeline/model/playlist';

const RUN = { runId: 'aaaaaaaaaaaa', ordinal: 1, state: 'running', turnsBefore: 0, firstMs: 0, lastMs: 1 } as const;

/** A find in 20 events, of which those with these numbers have the text. */
function findIn(
  seqs: number[],
  shownRows = 20,
  lineOf = (row: number) => row,
  asides: FoundAside[] = [],
): { find: EventFind; shown: (number | string)[]; scanned: Promise<void> } {
  const shown: (number | string)[] = [];
  let finished = (): void => undefined;
  const scanned = new Promise<void>((resolve) => (finished = resolve));
  const playlist = new Playlist([{ ...RUN, eventCount: 20 }]);
  const find: EventFind = new EventFind({
    playlist: () => playlist,
    find: () => Promise.resolve({ seqs, counts: {} }),
    criteria: () => NO_CRITERIA,
    shownRows: () => shownRows,
    lineOf,
    reveal: (row, aside) => shown.push(aside ?? row),
    asides: () => asides,
    changed: () => {
      if (!find.isScanning && find.count > 0) finished();
    },
  });
  find.setText('x');
  return { find, shown, scanned };
}

describe('EventFind', () => {
  it('goes to the next match and the one before, round the ends, and counts them', async () => {
    const { find, shown, scanned } = findIn([3, 8, 15]);
    await scanned;
    assert.deepEqual([find.current, find.count], [0, 3]);
    for (const direction of ['forward', 'forward', 'forward', 'forward', 'back', 'back'] as const) find.go(direction);
    assert.deepEqual(shown, [2, 7, 14, 2, 14, 7]);
    assert.deepEqual([find.current, find.count], [2, 3]);
    find.setText('');
    assert.deepEqual([find.current, find.count], [0, 0]);
  });

  it('goes from row to row of the list where events share one', async () => {
    const { find, shown, scanned } = findIn([3, 4, 5, 8, 15, 16], 20, (row) => row - (row % 5));
    await scanned;
    for (const direction of ['forward', 'forward', 'forward', 'forward', 'back'] as const) find.go(direction);
    assert.deepEqual(shown, [2, 7, 14, 15, 14]);
    assert.deepEqual([find.current, find.count], [5, 6]);
    const alone = findIn([3, 4], 20, () => 0);
    await alone.scanned;
    alone.find.go('forward');
    alone.find.go('forward');
    assert.deepEqual(alone.shown, [2, 3]);
  });

  it('goes to questions beside the work between the events, each in its place', async () => {
    const asides = [
      { id: 'first', row: 0 },
      { id: 'second', row: 7 },
      { id: 'third', row: 7 },
      { id: 'hidden', row: 19 },
    ];
    const { find, shown, scanned } = findIn([3, 8, 15], 18, undefined, asides);
    await scanned;
    assert.equal(find.count, 6);
    const numbers: number[] = [];
    for (let step = 0; step < 7; step++) {
      find.go('forward');
      numbers.push(find.current);
    }
    assert.deepEqual(shown, ['first', 2, 7, 'second', 'third', 14, 'first']);
    assert.deepEqual(numbers, [1, 2, 3, 4, 5, 6, 1]);
    find.go('back');
    find.go('back');
    assert.deepEqual(shown.slice(7), [14, 'third']);
  });

  it('begins at the end when it goes back, and leaves out what the replay does not show yet', async () => {
    const { find, shown, scanned } = findIn([3, 8, 15], 10);
    await scanned;
    assert.equal(find.count, 2);
    find.go('back');
    find.go('forward');
    assert.deepEqual(shown, [7, 2]);
  });
});
