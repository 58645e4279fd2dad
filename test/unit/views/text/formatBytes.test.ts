import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatBytes } from '../../../../src/views/text/formatBytes';

describe('formatBytes', () => {
  it('takes the largest unit that fits', () => {
    assert.deepEqual(
      [0, 1, 1_023, 1_024, 1_536, 3_000_000, 150 * 1_024 ** 2, 2 * 1_024 ** 4, 5_000 * 1_024 ** 4].map(formatBytes),
      ['0 B', '1 B', '1023 B', '1.0 KB', '1.5 KB', '2.9 MB', '150 MB', '2.0 TB', '5000 TB'],
    );
  });
});
