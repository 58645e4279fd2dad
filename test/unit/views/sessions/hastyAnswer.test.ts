import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { isHastyAnswer } from '../../../../src/views/sessions/openQuestion';

describe('a click on Allow in a row', () => {
  const last = { question: 'run 1', answeredMs: 10_000 };
  const isHasty = (question: string, sinceMs: number, nowMs: number): boolean =>
    isHastyAnswer({ question, sinceMs }, last, nowMs);

  it('answers no question that has just taken the place of the answered one', () => {
    assert.equal(isHasty('run 2', 10_300, 10_350), true);
    assert.equal(isHasty('run 2', 10_300, 11_000), false, 'it was there for long enough');
    assert.equal(isHasty('run 2', 9_000, 10_100), false, 'it stands where it stood before');
    assert.equal(isHasty('run 1', 5_000, 10_200), true, 'a second click on the same row');
    assert.equal(isHasty('run 1', 5_000, 12_000), false, 'answering had failed');
    assert.equal(isHastyAnswer({ question: 'run 2', sinceMs: 10_300 }, undefined, 10_350), false);
  });
});
