import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { emptySession } from '../../../../src/storage/sessionFacts';
import type { SessionSummary } from '../../../../src/supervisor/api';
import { summarize } from '../../../../src/supervisor/sessions/summary';
import { groupDescription, groupTitle, titlesFor } from '../../../../src/views/sessions/sessionGroups';

function session(changes: Partial<SessionSummary>): SessionSummary {
  return { ...summarize(emptySession(newId()), { checking: false }), prompt: 'Write the notes\nand more', ...changes };
}

describe('groups of sessions', () => {
  it('are called after their prompt, or as somebody named them', () => {
    assert.equal(groupTitle(newId(), [session({})]), 'Write the notes');
    assert.equal(groupTitle('release 2', [session({})]), 'release 2');
  });

  it('say how many sessions are at what', () => {
    const sessions = [
      session({ status: 'Completed' }),
      session({ status: 'Running', needsInput: true }),
      session({ status: 'Completed' }),
      session({ status: 'Failed', state: 'stopped' }),
    ];
    assert.equal(groupDescription(sessions), '4 sessions · 1 needs input · 2 Completed · 1 Running · 1 Stopped');
  });

  it('tell their sessions apart by agent and host, and by number where one has the prompt more than once', () => {
    const [claude, codex] = [{ agent: 'claude' }, { agent: 'codex' }];
    assert.deepEqual(titlesFor('Fix it', [claude, codex]), ['claude · Fix it', 'codex · Fix it']);
    assert.deepEqual(titlesFor('Fix it', [claude, claude, codex]), [
      'claude 1 · Fix it',
      'claude 2 · Fix it',
      'codex · Fix it',
    ]);
    assert.deepEqual(titlesFor('Fix it', [claude, { ...claude, host: 'gpu-box' }]), [
      'claude · Fix it',
      'claude on gpu-box · Fix it',
    ]);
  });
});
