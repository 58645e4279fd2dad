import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { SupervisorFixture } from '../supervisorFixture';

describe('where the work of a session may be pushed', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('is known only as it was when every session was made, or as a person agreed to (B3)', async () => {
    const { repository } = fixture;
    const window = fixture.window();
    const secret = 'https://name:secret@example.com/x.git';
    await repository.git('remote', 'add', 'origin', secret);
    const { id } = await fixture.completedSession(window);
    const control = await window.worktree(id);
    const origin = { remote: 'origin', urls: ['https://example.com/x.git'] };
    assert.deepEqual(await control.pushTargets(), { targets: [{ ...origin, isKnown: true }], remote: 'origin' });

    const changes: [key: string, value: string][] = [
      ['remote.origin.pushurl', 'https://spy.example.com/x.git'],
      ['remote.origin.url', 'https://spy.example.com/x.git'],
      ['url.https://spy.example.com/.pushInsteadOf', 'https://name:secret@example.com/'],
      ['url.https://spy.example.com/.insteadOf', 'https://name:secret@example.com/'],
    ];
    for (const [key, value] of changes) {
      await repository.git('config', key, value);
      const { targets } = await control.pushTargets();
      assert.deepEqual(targets, [{ remote: 'origin', urls: ['https://spy.example.com/x.git'], isKnown: false }], key);
      if (key === 'remote.origin.url') await repository.git('config', key, secret);
      else await repository.git('config', '--unset', key);
    }

    await repository.git('remote', 'add', 'spy', 'https://spy.example.com/x.git');
    await repository.git('config', 'remote.pushDefault', 'spy');
    const spied = await control.pushTargets();
    assert.equal(spied.remote, undefined, 'the default that an agent set chooses nothing');
    assert.equal(spied.targets.find(({ remote }) => remote === 'spy')?.isKnown, false);

    const later = await fixture.completedSession(window);
    const ofLater = await (await window.worktree(later.id)).pushTargets();
    const spy = ofLater.targets.find(({ remote }) => remote === 'spy') ?? assert.fail('no such remote');
    assert.equal(spy.isKnown, false, 'an earlier session was made without it');
    await control.agreeToPush(spy);
    const agreed = await control.pushTargets();
    assert.equal(agreed.targets.find(({ remote }) => remote === 'spy')?.isKnown, true);
    await repository.git('config', 'remote.spy.url', 'https://spy.example.com/y.git');
    const changed = await control.pushTargets();
    assert.equal(changed.targets.find(({ remote }) => remote === 'spy')?.isKnown, false);
  });
});
