import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { StorePaths } from '../../../../src/storage/paths';
import { ownIdentity } from '../../../../src/supervisor/system/identity';
import { SupervisorFixture, until } from '../supervisorFixture';

describe('a queue that somebody holds who never answers', () => {
  let fixture: SupervisorFixture;
  beforeEach(async () => {
    fixture = await SupervisorFixture.create();
  });
  afterEach(async () => {
    await fixture.end();
  });

  it('says so on each session that waits, and goes on after a person’s word (C3)', async () => {
    const window = fixture.window({ silenceLimitMs: 1_000 });
    await fixture.completedSession(window, 'talk');
    // As a window of another machine leaves it that ended while it started runs.
    const owner = { ...(await ownIdentity()), host: 'another-machine 1', boot: 'another' };
    const held = `${new StorePaths(fixture.storageDirectory).queueLockName}.lock.1000`;
    await writeFile(held, JSON.stringify({ state: 'held', owner, instance: 'another' }));
    const anHourAgo = new Date(Date.now() - 3_600_000);
    await utimes(held, anHourAgo, anHourAgo);

    const make = async (): Promise<string> =>
      (await window.createSession({ repository: fixture.repository.path, prompt: 'talk', agent: 'demo' })).id;
    const ids = [await make(), await make()];
    for (const id of ids) {
      const { status, heldBy } = await until(window, id, ({ maybeGone }) => maybeGone === true, 'the reason');
      assert.deepEqual([status, heldBy], ['Starting', 'a window that does not answer holds the queue']);
    }
    const [id = ''] = ids;
    const [lock] = (await window.goneQuestion(id))?.locks ?? [];
    assert.deepEqual([lock?.name, lock?.process?.host, lock?.process?.isHere], ['queue', 'another-machine', false]);
    await window.markAsGone(id);
    for (const each of ids) {
      const { heldBy, maybeGone } = await until(window, each, ({ status }) => status === 'Completed', 'the end');
      assert.deepEqual([heldBy, maybeGone], [undefined, undefined]);
    }
    await assert.rejects(window.markAsGone(id), { code: 'CONFLICT' });
  });
});
