import assert from 'node:assert/strict';
import { formatCost, formatNumber, formatSize } from '../../../../media/shared/numbers';

describe('numbers', () => {
  it('have a unit and no more digits than people need', () => {
    assert.deepEqual([0, 1_023, 65_536, 12_582_912].map(formatSize), ['0 B', '1023 B', '64 KB', '12.0 MB']);
    assert.deepEqual([999, 1_000, 12_345, 999_949, 2_500_000].map(formatNumber), [
      '999',
      '1.0k',
      '12.3k',
      '999.9k',
      '2.5M',
    ]);
    assert.deepEqual([formatCost(1.234), formatCost(0.0123, 4)], ['$1.23', '$0.0123']);
  });
});
