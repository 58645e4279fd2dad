import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../src/storage/events';
import type { SessionFacts } from '../../../../src/storage/sessionFacts';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import { sessionAfter } from '../../storage/sessionAfter';

const summaryOf = (facts: SessionFacts): SessionSummary => summarize(facts, { checking: false });
const withModel = (model: string): DraftEvent => ({
  kind: 'agent.session',
  data: { nativeSessionId: 'n', backendType: 'claude', model },
});
const usage = (data: Extract<DraftEvent, { kind: 'usage' }>['data']): DraftEvent => ({ kind: 'usage', data });

describe('the summary of a session', () => {
  it('has the newest that is known of the context window, beside the sums of what was used', () => {
    const facts = sessionAfter([
      usage({ inputTokens: 5, costUsd: 1 }),
      usage({ context: { usedTokens: 10 } }),
      usage({ context: { usedTokens: 30, limitTokens: 100 } }),
      usage({ inputTokens: 7, outputTokens: 2 }),
    ]);
    const { context, usage: used } = summaryOf(facts);
    assert.deepEqual(context, { usedTokens: 30, limitTokens: 100 });
    assert.deepEqual(used, { inputTokens: 12, outputTokens: 2, cachedTokens: 0, costUsd: 1 });
  });

  it('has nothing of it where the agent tells nothing, and after a compaction', () => {
    assert.equal(summaryOf(sessionAfter([usage({ inputTokens: 5 })])).context, undefined);
    const compacted = [
      usage({ context: { usedTokens: 90, limitTokens: 100 } }),
      usage({ context: { limitTokens: 100 } }),
    ];
    assert.equal(summaryOf(sessionAfter(compacted)).context, undefined);
  });

  it('takes the limit from an earlier run of the same model only', () => {
    const first = [withModel('large'), usage({ context: { usedTokens: 50, limitTokens: 100 } })];
    const next = (model: string): DraftEvent[] => [withModel(model), usage({ context: { usedTokens: 60 } })];
    assert.deepEqual(summaryOf(sessionAfter(first, next('large'))).context, { usedTokens: 60, limitTokens: 100 });
    assert.deepEqual(summaryOf(sessionAfter(first, next('small'))).context, { usedTokens: 60 });
  });
});
