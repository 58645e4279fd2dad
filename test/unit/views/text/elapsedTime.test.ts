import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { elapsedTime, shortElapsedTime } from '../../../../src/views/text/elapsedTime';

describe('elapsedTime', () => {
  it('says how long ago a time was, in one unit', () => {
    const since = '2026-01-05T09:00:00.000Z';
    const after = (seconds: number): string => elapsedTime(since, Date.parse(since) + seconds * 1_000);
    assert.deepEqual([-5, 0, 59, 60, 3_599, 3_600, 86_399, 86_400, 90 * 86_400].map(after), [
      'now',
      'now',
      'now',
      '1 min',
      '59 min',
      '1 h',
      '23 h',
      '1 d',
      '90 d',
    ]);
    assert.equal(elapsedTime('', 0), 'now');
  });

  it('says it without spaces in narrow rows', () => {
    const since = '2026-01-05T09:00:00.000Z';
    const after = (seconds: number): string => shortElapsedTime(since, Date.parse(since) + seconds * 1_000);
    assert.deepEqual([59, 60, 3_600, 86_400].map(after), ['now', '1m', '1h', '1d']);
  });
});
