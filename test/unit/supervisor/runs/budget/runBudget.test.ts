import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { SupervisorFixture, until } from '../../supervisorFixture';

describe('a session that an agent started', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('counts against the budget of the session that started it, and asks when both have used it up', async () => {
    // The demo agent uses 1,240 tokens for each step.
    const window = fixture.window({ changes: { budget: { session: { tokens: 2_400 } } } });
    const repository = fixture.repository.path;
    const parent = await fixture.completedSession(window, 'talk Mine');
    const request = { repository, agent: 'demo', startedBy: { sessionId: parent.id } };
    const first = await window.createSession({ ...request, prompt: 'talk Ours' });
    await until(window, first.id, ({ status }) => status === 'Completed', 'its end');
    const second = await window.createSession({
      ...request,
      prompt: 'talk Too much',
      startedBy: { sessionId: first.id },
    });
    const { pendingPermissions, budget } = await until(
      window,
      second.id,
      ({ needsInput }) => needsInput,
      'its question',
    );
    assert.equal(
      pendingPermissions[0]?.title,
      'This session and those that agents started with it have used 2,480 tokens of their budget of 2,400 tokens. Go on up to 4,800 tokens?',
    );
    assert.equal(budget?.isShared, true);
    const other = await fixture.completedSession(window, 'talk For somebody else');
    assert.equal(other.budget, undefined);
    await window.answerPermission(second.id, pendingPermissions[0].requestId, { optionId: 'go-on' });
    await until(window, second.id, ({ status }) => status === 'Completed', 'its end');
    const third = await window.createSession({ ...request, prompt: 'talk After the answer' });
    await until(window, third.id, ({ status }) => status === 'Completed', 'its end without a question');
  });
});
