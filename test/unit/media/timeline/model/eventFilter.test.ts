import assert from 'node:assert/strict';
import type { TimelineParameters, TimelineResult } from '../../../../../src/protocol/timelineProtocol';
import { EventFilter } from '../../../../../media/timeline/model/eventFilter';
import { Playlist } from '../../../../../media/timeline/model/playlist';

const RUNS = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb'] as const;

/** A playlist of two runs in which every tenth event matches, and the queries about it. */
class FilterFixture {
  eventCounts = [25, 50_005];
  readonly asked: TimelineParameters<'findEvents'>[] = [];
  readonly filter: EventFilter = new EventFilter({
    playlist: () => this.playlist,
    find: (query) => {
      this.asked.push(query);
      return this.fails ? Promise.resolve(undefined) : Promise.resolve(this.found(query));
    },
    changed: () => this.wake?.(),
  });
  fails = false;
  wake: (() => void) | undefined;

  get playlist(): Playlist {
    return new Playlist(
      RUNS.map((runId, index) => ({
        runId,
        ordinal: index + 1,
        state: 'running',
        eventCount: this.eventCounts[index] ?? 0,
        turnsBefore: 0,
        firstMs: 0,
        lastMs: 1,
      })),
    );
  }

  async settled(): Promise<void> {
    while (this.filter.isScanning) await new Promise<void>((resolve) => (this.wake = resolve));
  }

  found({ fromSeq, toSeq }: TimelineParameters<'findEvents'>): TimelineResult<'findEvents'> {
    const seqs = Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => fromSeq + index).filter(
      (seq) => seq % 10 === 0,
    );
    return { seqs, counts: { message: seqs.length, error: 1 } };
  }
}

describe('EventFilter', () => {
  it('lists the matching rows of all runs, in bounded queries', async () => {
    const fixture = new FilterFixture();
    fixture.filter.set({ text: 'x', group: undefined, failed: false, tool: '', file: '' });
    await fixture.settled();
    assert.deepEqual(
      fixture.asked.map(({ runId, fromSeq, toSeq }) => [RUNS.findIndex((each) => each === runId), fromSeq, toSeq]),
      [
        [0, 1, 25],
        [1, 1, 20_000],
        [1, 20_001, 40_000],
        [1, 40_001, 50_005],
      ],
    );
    assert.equal(fixture.filter.count(50_030), 5_002);
    assert.deepEqual([fixture.filter.rowOf(0), fixture.filter.rowOf(1), fixture.filter.rowOf(2)], [9, 19, 34]);
    assert.deepEqual([fixture.filter.count(9), fixture.filter.count(10), fixture.filter.count(20)], [0, 1, 2]);
    assert.deepEqual(
      [fixture.filter.countOf('messages'), fixture.filter.countOf('errors'), fixture.filter.countOf('files')],
      [5_002, 4, 0],
    );
  });

  it('searches new events only', async () => {
    const fixture = new FilterFixture();
    fixture.filter.set({ text: '', group: 'messages', failed: false, tool: '', file: '' });
    await fixture.settled();
    fixture.asked.length = 0;
    fixture.eventCounts = [25, 50_020];
    fixture.filter.extend();
    await fixture.settled();
    assert.deepEqual(fixture.asked, [
      {
        runId: RUNS[1],
        fromSeq: 50_006,
        toSeq: 50_020,
        text: '',
        failed: false,
        tool: '',
        file: '',
        kinds: ['message'],
      },
    ]);
    assert.equal(fixture.filter.count(1e6), 5_004);
  });

  it('ignores answers to older criteria', async () => {
    const fixture = new FilterFixture();
    fixture.filter.set({ text: 'old', group: undefined, failed: false, tool: '', file: '' });
    fixture.filter.set({ text: 'new', group: undefined, failed: true, tool: '', file: '' });
    await fixture.settled();
    assert.equal(fixture.filter.count(1e6), 5_002);
    assert.equal(fixture.asked.filter(({ text }) => text === 'old').length, 1);
    fixture.filter.set({ text: '', group: undefined, failed: false, tool: '', file: '' });
    assert.deepEqual([fixture.filter.isActive, fixture.filter.rowOf(7)], [false, 7]);
  });

  it('stops if the extension does not answer, and continues with new events', async () => {
    const fixture = new FilterFixture();
    fixture.fails = true;
    fixture.filter.set({ text: 'x', group: undefined, failed: false, tool: '', file: '' });
    await fixture.settled();
    assert.deepEqual([fixture.asked.length, fixture.filter.count(1e6)], [1, 0]);
    fixture.fails = false;
    fixture.filter.extend();
    await fixture.settled();
    assert.equal(fixture.filter.count(1e6), 5_002);
  });
});
