import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { TimeScale } from '../../../../../../media/timeline/model/density/timeScale';

const MINUTE_MS = 60_000;

describe('TimeScale', () => {
  it('gives a long pause no more than a small share, and the rest to what happened', () => {
    const pause = { fromMs: MINUTE_MS, toMs: 73 * MINUTE_MS };
    const scale = new TimeScale(74 * MINUTE_MS, [pause]);
    const [squeezed] = scale.pauses;
    assert.ok(squeezed !== undefined && squeezed.toShare - squeezed.fromShare < 0.031);
    assert.ok(Math.abs(scale.shareAt(MINUTE_MS) - 0.485) < 0.001);
    assert.equal(scale.activeMs, 2 * MINUTE_MS);
    assert.equal(scale.pauseAt(0.5)?.toMs, pause.toMs);
    assert.equal(scale.pauseAt(0.4), undefined);
  });

  it('finds each time again, in pauses as well, from the start to the end', () => {
    const scale = new TimeScale(3_600_000, [
      { fromMs: 10_000, toMs: 1_800_000 },
      { fromMs: 1_900_000, toMs: 3_500_000 },
      { fromMs: 3_550_000, toMs: 3_556_000 },
    ]);
    let before = -1;
    for (let elapsedMs = 0; elapsedMs <= 3_600_000; elapsedMs += 10_000) {
      const share = scale.shareAt(elapsedMs);
      assert.ok(share > before && share <= 1);
      assert.ok(Math.abs(scale.elapsedAt(share) - elapsedMs) < 1);
      before = share;
    }
    assert.equal(before, 1);
  });

  it('is even where no pause is long beside the rest', () => {
    const pauses = Array.from({ length: 100 }, (_, index) => ({
      fromMs: index * 60_000,
      toMs: index * 60_000 + 6_000,
    }));
    const scale = new TimeScale(6_000_000, pauses);
    assert.deepEqual(scale.pauses, []);
    assert.equal(scale.shareAt(3_000_000), 0.5);
    assert.equal(new TimeScale(100, []).shareAt(50), 0.5);
  });

  it('gives many nights together less than half', () => {
    const nights = Array.from({ length: 60 }, (_, index) => ({ fromMs: index * 1e8 + 1e5, toMs: (index + 1) * 1e8 }));
    const scale = new TimeScale(60 * 1e8, nights);
    const width = scale.pauses.reduce((sum, { fromShare, toShare }) => sum + toShare - fromShare, 0);
    assert.equal(scale.pauses.length, 60);
    assert.ok(width < 0.45, String(width));
  });

  it('has room for two events with nothing but a pause between them', () => {
    const scale = new TimeScale(3_600_000, [{ fromMs: 0, toMs: 3_600_000 }]);
    assert.equal(scale.shareAt(0), 0);
    assert.equal(scale.shareAt(3_600_000), 1);
  });
});
