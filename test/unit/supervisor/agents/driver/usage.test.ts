import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import { addUsage, ContextReport, RunningCost } from '../../../../../src/supervisor/agents/driver/usage';

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

  it('tells how full the context window is once for each change, and nothing of it after a compaction', () => {
    const events: DraftEvent[] = [];
    const report = new ContextReport((event) => events.push(event));
    report.tell({ usedTokens: 10 });
    report.tell({ usedTokens: 10 });
    report.tell({ limitTokens: 100 });
    report.compacted();
    report.compacted(90);
    report.tell({ usedTokens: 5 });
    const usage = (context: object): object => ({ kind: 'usage', data: { context } });
    const mark = (compaction: object): object => ({
      kind: 'message',
      data: { role: 'system', text: 'The conversation was compacted.', compaction },
    });
    assert.deepEqual(events, [
      usage({ usedTokens: 10 }),
      usage({ usedTokens: 10, limitTokens: 100 }),
      mark({ usedTokens: 10 }),
      usage({ limitTokens: 100 }),
      mark({ usedTokens: 90 }),
      usage({ usedTokens: 5, limitTokens: 100 }),
    ]);
  });
});
