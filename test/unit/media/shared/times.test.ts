import assert from 'node:assert/strict';
import { formatAge, formatClock, formatDuration, formatTime } from '../../../../media/shared/times';

describe('times in words', () => {
  it('use one or two units', () => {
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

describe('formatTime', () => {
  it('has the date unless it is today', () => {
    const now = new Date(2026, 10, 21, 0, 5);
    const [today, yesterday] = [new Date(2026, 10, 21, 0, 1), new Date(2026, 10, 20, 23, 59)];
    assert.equal(formatTime(today.getTime(), now.getTime()), today.toLocaleTimeString());
    assert.equal(formatTime(yesterday.getTime(), now.getTime()), yesterday.toLocaleString());
  });
});
