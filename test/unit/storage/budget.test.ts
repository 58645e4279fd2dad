import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { budgetSchema, localDay, nearlyUsed, usedUp, type Amounts, type Limits } from '../../../src/storage/budget';
import { budgetOf, shownLevel } from '../../../src/storage/budgetFacts';
import type { DraftEvent } from '../../../src/storage/events';
import * as v from 'valibot';
import { sessionAfter } from './sessionAfter';

const use = (used: Partial<Amounts>, allowed: Limits = {}) => ({ used: { tokens: 0, usd: 0, ...used }, allowed });
const NOTHING = use({});

describe('a budget', () => {
  it('warns from 80 % on, and is used up at 100 %', () => {
    const budget = { session: { tokens: 1_000 }, day: { usd: 5 } };
    const at = (tokens: number, usd: number): [string[], string | undefined] => {
      const uses = { session: use({ tokens }), day: use({ usd }) };
      return [nearlyUsed(budget, uses).map(({ scope }) => scope), usedUp(budget, uses)?.level.scope];
    };
    assert.deepEqual(at(799, 3.99), [[], undefined]);
    assert.deepEqual(at(800, 4.5), [['session', 'day'], undefined]);
    assert.deepEqual(at(999, 0), [['session'], undefined]);
    assert.deepEqual(at(1_000, 5), [[], 'session']);
    assert.deepEqual(at(0, 5), [[], 'day']);
  });

  it('is asked about once for each step, whose length is the budget', () => {
    const step = (tokens: number, allowed: Limits = {}): number | undefined =>
      usedUp({ session: { tokens: 1_000 } }, { session: use({ tokens }, allowed), day: NOTHING })?.next.upTo;
    assert.equal(step(1_200), 2_000);
    assert.equal(step(1_200, { tokens: 2_000 }), undefined);
    assert.equal(step(2_000, { tokens: 2_000 }), 3_000);
    assert.equal(step(7_500, { tokens: 2_000 }), 8_000);
    const uses = { session: use({ tokens: 1_850 }, { tokens: 2_000 }), day: NOTHING };
    assert.deepEqual(nearlyUsed({ session: { tokens: 1_000 } }, uses), [
      { scope: 'session', unit: 'tokens', used: 1_850, limit: 2_000 },
    ]);
  });

  it('counts neither what an agent does not tell, nor what comes from its cache', () => {
    const facts = sessionAfter([
      { kind: 'usage', data: { inputTokens: 10, outputTokens: 5, cachedTokens: 1_000, costUsd: 0.5 } },
      { kind: 'usage', data: { context: { usedTokens: 900 } } },
    ]);
    assert.deepEqual(budgetOf({ session: { tokens: 10 } }, facts.runs, undefined).budget?.used, {
      tokens: 15,
      usd: 0.5,
    });
    const asides = { inputTokens: 3, outputTokens: 1, cachedTokens: 9, costUsd: 0.25 };
    assert.deepEqual(budgetOf({ session: { tokens: 10 } }, facts.runs, asides).budget?.used, { tokens: 19, usd: 0.75 });
    assert.deepEqual(budgetOf({}, facts.runs, undefined), {});
  });

  it('remembers in the journal what a person allowed and what was warned of, for the next runs', () => {
    const level = { scope: 'session', unit: 'tokens', used: 850, limit: 1_000 } as const;
    const warned: DraftEvent = { kind: 'status', data: { from: 'running', to: 'running', reason: '', budget: level } };
    const first = sessionAfter([warned]);
    assert.deepEqual(budgetOf({ session: {} }, first.runs, undefined).budget?.warned, ['session tokens 1000']);
    assert.deepEqual(shownLevel(first.runs, undefined), level);
    const allowed: DraftEvent = {
      kind: 'permission.answer',
      data: { requestId: 'r', outcome: 'allowed', budget: { scope: 'session', unit: 'tokens', upTo: 2_000 } },
    };
    const second = sessionAfter([warned], [allowed]);
    assert.deepEqual(budgetOf({ session: {} }, second.runs, undefined).budget?.allowed, { tokens: 2_000 });
    assert.equal(shownLevel(second.runs, undefined), undefined);
  });

  it('is one for all sessions of a tree, whatever each of them used, was told and was allowed', () => {
    const level = { scope: 'session', unit: 'tokens', used: 850, limit: 1_000 } as const;
    const uses = (inputTokens: number): DraftEvent => ({ kind: 'usage', data: { inputTokens } });
    const parent = sessionAfter([
      uses(600),
      { kind: 'status', data: { from: 'running', to: 'running', reason: '', budget: level } },
    ]);
    const answer = {
      requestId: 'r',
      outcome: 'allowed',
      budget: { scope: 'session', unit: 'tokens', upTo: 2_000 },
    } as const;
    const child = sessionAfter([uses(500), { kind: 'permission.answer', data: answer }], [uses(7)]);
    for (const run of child.runs) run.runId = `child ${run.runId}`;
    const used = {
      run1: { tokens: 600, usd: 0 },
      'child run1': { tokens: 500, usd: 0 },
      'child run2': { tokens: 7, usd: 0 },
      'a question': { tokens: 3, usd: 0 },
    };
    const tree = { id: 's', runs: [...parent.runs, ...child.runs], used };
    assert.deepEqual(budgetOf({ session: { tokens: 1_000 } }, child.runs, undefined, tree), {
      budget: {
        session: { tokens: 1_000 },
        used: { tokens: 507, usd: 0 },
        allowed: { tokens: 2_000 },
        warned: ['session tokens 1000'],
        tree: { id: 's', used },
      },
    });
  });

  it('is read from the settings without the amounts that are none', () => {
    assert.deepEqual(v.parse(budgetSchema, { session: { tokens: -1, usd: 2 }, day: 'much' }), {
      session: { usd: 2, tokens: undefined },
      day: undefined,
    });
  });

  it('has the days of the local calendar', () => {
    assert.equal(localDay(new Date(2026, 2, 1, 23, 59).getTime()), '2026-03-01');
    assert.equal(localDay(new Date(2026, 2, 2, 0, 0).getTime()), '2026-03-02');
  });
});
