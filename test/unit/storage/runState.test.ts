import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUN_OUTCOMES, RUN_STATES } from '../../../src/storage/events';
import { isOutcome, nextRunState, RUN_SIGNALS } from '../../../src/storage/runState';

describe('run state', () => {
  it('goes from every state by every signal to one known state', () => {
    for (const state of RUN_STATES) {
      for (const signal of RUN_SIGNALS)
        assert.ok(RUN_STATES.includes(nextRunState(state, signal)), `${state} by ${signal}`);
    }
  });

  it('never leaves an end', () => {
    for (const state of RUN_OUTCOMES) {
      for (const signal of RUN_SIGNALS) assert.equal(nextRunState(state, signal), state);
    }
  });

  it('reaches every end from every live state', () => {
    for (const state of RUN_STATES.filter((candidate) => !isOutcome(candidate))) {
      for (const outcome of RUN_OUTCOMES) assert.equal(nextRunState(state, outcome), outcome);
    }
  });

  it('waits for an answer and runs on after it', () => {
    assert.equal(nextRunState('running', 'asked'), 'waiting');
    assert.equal(nextRunState('waiting', 'active'), 'waiting');
    assert.equal(nextRunState('waiting', 'answered'), 'running');
  });

  it('does not come back to life while it is being stopped', () => {
    for (const signal of ['started', 'active', 'asked', 'answered', 'stopping'] as const)
      assert.equal(nextRunState('stopping', signal), 'stopping');
  });
});
