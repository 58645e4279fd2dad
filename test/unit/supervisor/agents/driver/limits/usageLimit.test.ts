import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { limitInWords, usageLimit } from '../../../../../../src/supervisor/agents/driver/limits/usageLimit';

const NOW_MS = Date.parse('2026-03-01T08:00:00.000Z');
const HOUR_MS = 3_600_000;

describe('a usage limit that an agent tells', () => {
  it('has no time that cannot be true', () => {
    const timeOf = (ms: number | undefined): unknown => usageLimit(ms, undefined, NOW_MS).resetsAt;
    assert.equal(timeOf(NOW_MS + HOUR_MS), '2026-03-01T09:00:00.000Z');
    assert.equal(timeOf(NOW_MS - 1), '2026-03-01T07:59:59.999Z', 'the clocks differ a little');
    for (const ms of [undefined, 0, NOW_MS / 1000, NOW_MS + 40 * 24 * HOUR_MS, NOW_MS * 1000, NaN, Infinity])
      assert.equal(timeOf(ms), undefined, String(ms));
    assert.deepEqual(usageLimit(NaN, 'five_hour', NOW_MS), { window: 'five_hour' });
  });

  it('is found in the words of Gemini, Codex and older versions of Claude, and in no other error', () => {
    const timeIn = (words: string): unknown => limitInWords(words, NOW_MS)?.resetsAt;
    const words = 'You have exhausted your capacity on this model. Your quota will reset after 12h34m16s.';
    assert.equal(timeIn(words), '2026-03-01T20:34:16.000Z');
    const codex = 'You’ve hit your usage limit. Upgrade to Pro or try again in 2 days 3 hours and 5 minutes.';
    assert.equal(timeIn(codex), '2026-03-03T11:05:00.000Z');
    assert.deepEqual(limitInWords("You've hit your usage limit. Try again later.", NOW_MS), {});
    assert.equal(timeIn(`Claude AI usage limit reached|${NOW_MS / 1000 + 60}`), '2026-03-01T08:01:00.000Z');
    for (const other of [
      'API Error: Request rejected (429) · Rate limited',
      'You exceeded your current quota, please check your plan and billing details',
      'exceeded retry limit, last status: 429 Too Many Requests',
      'Quota metric missing: the disk will be ready in 3 s',
    ])
      assert.equal(limitInWords(other, NOW_MS), undefined, other);
  });
});
