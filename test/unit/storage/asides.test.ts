import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { foldAside } from '../../../src/storage/asides';
import type { DraftEvent, RunOutcome } from '../../../src/storage/events';

const asked = { id: 'aaaaaaaaaaaa', agent: 'claude', question: 'Why?', askedAt: '2026-03-01T08:00:00.000Z' };
const said = (text: string): DraftEvent => ({ kind: 'message', data: { role: 'assistant', text } });
const ended = (failed: boolean, message?: string): DraftEvent => ({
  kind: 'turn.ended',
  data: { turn: 1, stopReason: failed ? 'error' : 'end_turn', failed, ...(message === undefined ? {} : { message }) },
});
const exited = (outcome: RunOutcome, reason = ''): DraftEvent => ({
  kind: 'run.exited',
  data: { outcome, exitCode: 0, signal: null, reason },
});

function fold(...drafts: DraftEvent[]) {
  const events = drafts.map((draft, index) => ({
    seq: index + 1,
    timestamp: `2026-03-01T08:00:0${index + 1}.000Z`,
    draft,
  }));
  const { state, answer, reason, endedAt } = foldAside(asked, events);
  return { state, answer, reason, endedAt };
}

describe('the journal of an aside', () => {
  it('tells the question, what was answered so far, and how it ended', () => {
    const question: DraftEvent = { kind: 'message', data: { role: 'user', text: 'Why?' } };
    assert.deepEqual(fold(question), { state: 'answering', answer: '', reason: undefined, endedAt: undefined });
    assert.deepEqual(fold(question, said('Because')).answer, 'Because');
    assert.deepEqual(fold(question, said('Because'), said('it is'), ended(false), exited('completed')), {
      state: 'answered',
      answer: 'Because\n\nit is',
      reason: undefined,
      endedAt: '2026-03-01T08:00:05.000Z',
    });
    assert.equal(fold(said('Bec'), exited('killed')).state, 'cancelled');
    assert.equal(fold(said('Bec'), exited('stopped')).state, 'cancelled');
    assert.equal(fold(said('x'.repeat(200_000))).answer.length, 100_000);
  });

  it('is a failure where the turn failed, the agent could not start, or nothing was said', () => {
    const failed = fold(ended(true, 'No credit is left'), exited('failed', 'The turn failed'));
    assert.deepEqual([failed.state, failed.reason], ['failed', 'No credit is left']);
    const unstarted = fold(exited('failed', 'There is no program'));
    assert.deepEqual([unstarted.state, unstarted.reason], ['failed', 'There is no program']);
    const silent = fold(ended(false), exited('completed', 'Completed'));
    assert.deepEqual([silent.state, silent.reason], ['failed', '']);
  });
});
