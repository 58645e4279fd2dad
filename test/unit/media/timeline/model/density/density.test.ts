import assert from 'node:assert/strict';
import type { TimelineParameters } from '../../../../../../src/protocol/timelineProtocol';
import { Density, MAX_STRETCHES } from '../../../../../../media/timeline/model/density/density';
import type { StretchCounts } from '../../../../../../media/timeline/model/density/density';
import { Pauses } from '../../../../../../media/timeline/model/density/pauses';
import { waitFor } from '../../../../../support/wait';
import { Playlist } from '../../../../../../media/timeline/model/playlist';

const RUN = 'aaaaaaaaaaaa';
const STEP_MS = 10;

/** A run with an event every ten milliseconds: every fifth is a tool call, the others are messages. */
class DensityFixture {
  eventCount: number;
  readonly asked: TimelineParameters<'density'>[] = [];
  fails = false;
  #wake: (() => void) | undefined;
  readonly density: Density = new Density({
    playlist: () => this.playlist,
    pauses: new Pauses({ playlist: () => this.playlist, read: () => Promise.resolve([]) }),
    count: (query) => {
      this.asked.push(query);
      if (this.fails) return Promise.resolve(undefined);
      const { fromSeq, toSeq, startMs, stretchMs } = query;
      const seqs = Array.from({ length: toSeq - fromSeq + 1 }, (_, index) => fromSeq + index);
      const counts = seqs.map((seq) => ({
        stretch: Math.floor((this.timeOf(seq) - startMs) / stretchMs),
        kind: seq % 5 === 0 ? ('tool.call' as const) : ('message' as const),
        count: 1,
      }));
      return Promise.resolve(counts);
    },
    changed: () => this.#wake?.(),
  });

  constructor(eventCount: number) {
    this.eventCount = eventCount;
  }

  timeOf(seq: number): number {
    return 1e12 + seq * STEP_MS;
  }

  get playlist(): Playlist {
    return new Playlist([
      {
        runId: RUN,
        ordinal: 1,
        state: 'running',
        eventCount: this.eventCount,
        turnsBefore: 0,
        firstMs: this.timeOf(1),
        lastMs: this.timeOf(this.eventCount),
      },
    ]);
  }

  get total(): StretchCounts {
    const total = { messages: 0, tools: 0 };
    for (const { messages = 0, tools = 0 } of this.density.stretchesOf(RUN).values()) {
      total.messages += messages;
      total.tools += tools;
    }
    return total;
  }

  async counted(): Promise<void> {
    while (
      (this.asked.at(-1)?.toSeq ?? 0) < this.eventCount ||
      (this.total.messages ?? 0) + (this.total.tools ?? 0) < this.eventCount
    )
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

describe('Density', () => {
  it('counts each event once, in bounded queries and few stretches', async () => {
    const fixture = new DensityFixture(50_000);
    fixture.density.extend();
    await fixture.counted();
    assert.deepEqual(
      fixture.asked.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]),
      [
        [1, 20_000],
        [20_001, 40_000],
        [40_001, 50_000],
      ],
    );
    assert.deepEqual(fixture.total, { messages: 40_000, tools: 10_000 });
    assert.ok(fixture.density.stretchesOf(RUN).size <= MAX_STRETCHES + 1);
  });

  it('counts new events only, and merges stretches as the run grows', async () => {
    const fixture = new DensityFixture(100);
    fixture.density.extend();
    await fixture.counted();
    const shortMs = fixture.density.stretchMs;
    fixture.eventCount = 10_000;
    fixture.density.extend();
    await fixture.counted();
    assert.deepEqual(
      fixture.asked.map(({ fromSeq, toSeq }) => [fromSeq, toSeq]),
      [
        [1, 100],
        [101, 10_000],
      ],
    );
    assert.ok(fixture.density.stretchMs > shortMs);
    assert.deepEqual(fixture.total, { messages: 8_000, tools: 2_000 });
    const first = fixture.density.stretchesOf(RUN).get(0);
    const eventsInStretch = fixture.density.stretchMs / STEP_MS;
    assert.equal((first?.messages ?? 0) + (first?.tools ?? 0), eventsInStretch);
  });

  it('asks again for new events after the extension did not answer', async () => {
    const fixture = new DensityFixture(100);
    fixture.fails = true;
    fixture.density.extend();
    await waitFor(() => fixture.asked.length > 0, { what: 'the first query' });
    fixture.fails = false;
    fixture.density.extend();
    await fixture.counted();
    assert.deepEqual(fixture.total, { messages: 80, tools: 20 });
  });
});
