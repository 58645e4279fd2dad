import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { emptySession } from '../../../../src/storage/sessionFacts';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import type { MarksMemento } from '../../../../src/views/sessions/sessionMarks';
import { SessionMarks } from '../../../../src/views/sessions/sessionMarks';

const START_MS = Date.parse('2026-01-05T09:00:00.000Z');
const at = (minutes: number): string => new Date(START_MS + minutes * 60_000).toISOString();

/** Keeps values as VS Code does: a copy of what it is given. */
function memento(): MarksMemento {
  const values = new Map<string, unknown>();
  return {
    get: (key) => values.get(key),
    update: (key, value) => {
      values.set(key, structuredClone(value));
      return Promise.resolve();
    },
  };
}

function ended(minutes: number, changes: Partial<SessionSummary> = {}): SessionSummary {
  const summary = summarize(emptySession('a'), { checking: false });
  return { ...summary, status: 'Completed', state: 'completed', since: at(minutes), ...changes };
}

describe('marks of sessions', () => {
  it('say which ends nobody has seen, from the time when marks were first kept', () => {
    const marks = new SessionMarks(memento(), START_MS);
    assert.equal(marks.isUnseen(ended(-1)), false);
    assert.equal(marks.isUnseen(ended(1)), true);
    assert.equal(marks.isUnseen(ended(1, { state: 'failed', status: 'Failed' })), true);
    assert.equal(marks.isUnseen(ended(1, { state: 'running', status: 'Running' })), false);
    assert.equal(marks.isUnseen(ended(1, { state: 'stopped', status: 'Failed' })), false, 'a person did it');
  });

  it('are seen once looked at, until the next end, and unread where a person says so', () => {
    const marks = new SessionMarks(memento(), START_MS);
    const told: string[][] = [];
    marks.onDidChange((ids) => told.push(ids));
    marks.markSeen([ended(1)]);
    marks.markSeen([ended(1)]);
    assert.deepEqual(told, [['a']]);
    assert.equal(marks.isUnseen(ended(1)), false);
    assert.equal(marks.isUnseen(ended(2)), true);
    marks.markUnread(['a']);
    assert.equal(marks.isUnseen(ended(1)), true);
    marks.markSeen([ended(1)]);
    assert.equal(marks.isUnseen(ended(1)), false);
  });

  it('are read again where another window changed them, and survive a restart', () => {
    const kept = memento();
    const [here, elsewhere] = [new SessionMarks(kept, START_MS), new SessionMarks(kept, START_MS + 9_999_999)];
    elsewhere.setPinned(['a', 'b'], true);
    elsewhere.markSeen([ended(1)]);
    assert.equal(here.isPinned('a'), true);
    assert.equal(here.isUnseen(ended(1)), false);
    here.setPinned(['a'], false);
    here.prune((id) => id !== 'b');
    assert.deepEqual([elsewhere.isPinned('a'), elsewhere.isPinned('b')], [false, false]);
  });

  it('begin anew where what is kept cannot be read', () => {
    const kept = memento();
    void kept.update('corral.sessionMarks', { since: 7 });
    assert.equal(new SessionMarks(kept, START_MS).isUnseen(ended(1)), true);
  });
});
