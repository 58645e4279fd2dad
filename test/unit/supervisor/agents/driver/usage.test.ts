import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { addUsage, RunningCost } from '../../../../../src/supervisor/agents/driver/usage';

describe('usage', () => {
  it('is added up without the noise of binary fractions, and an unknown cost stays unknown', () => {
    assert.deepEqual(addUsage({ inputTokens: 1, costUsd: 0.1 }, { outputTokens: 2, costUsd: 0.2 }), {
      inputTokens: 1,
      outputTokens: 2,
      cachedTokens: 0,
      costUsd: 0.3,
    });
    assert.deepEqual(addUsage({}, { cachedTokens: 4 }), { inputTokens: 0, outputTokens: 0, cachedTokens: 4 });
  });

  it('takes a cost from a running total, which is unknown at first after a resume', () => {
    const costs = (isResumed: boolean): (number | undefined)[] => {
      const cost = new RunningCost(isResumed);
      return [0.1, undefined, 0.3, 0.2].map((totalUsd) => {
        if (totalUsd !== undefined) cost.update(totalUsd);
        return cost.takeUsd();
      });
    };
    assert.deepEqual(costs(false), [0.1, undefined, 0.2, 0]);
    assert.deepEqual(costs(true), [undefined, undefined, 0.2, 0]);
  });
});
