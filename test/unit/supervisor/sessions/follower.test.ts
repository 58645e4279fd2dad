import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { newId } from '../../../../src/storage/ids';
import { Follower } from '../../../../src/supervisor/sessions/follower';
import { waitFor } from '../../../support/wait';
import { say, started, StoreFixture } from '../../storage/storeFixture';

describe('follower', () => {
  let store: StoreFixture;
  let follower: Follower;
  let sessionId: string;
  let runId: string;
  /** Number of the last event that the follower told of, and how often it told of new ones. */
  let lastSeq: number;
  let told: number;
  const errors: unknown[] = [];

  beforeEach(async () => {
    store = await StoreFixture.make();
    [sessionId, runId, lastSeq, told] = [await store.makeSession(), newId(), 0, 0];
    follower = new Follower({
      paths: store.paths,
      index: await store.openIndex(),
      onSynced: (_sessionId, { appended }) => {
        for (const { toSeq } of appended) lastSeq = toSeq;
        if (appended.length > 0) told++;
      },
      onError: (_sessionId, error) => errors.push(error),
    });
    await store.events(sessionId, runId, [started(1)]);
  });
  afterEach(async () => {
    follower.dispose();
    await store.remove();
    assert.deepEqual(errors, []);
  });

  const tellsOf = async (seq: number): Promise<true> =>
    await waitFor(() => lastSeq === seq, { what: `event ${String(seq)}` });

  /** As a runner does: writes an event, and says so. */
  async function grow(count: number): Promise<void> {
    for (let number = 0; number < count; number++) {
      await store.events(sessionId, runId, [say('on')]);
      follower.markChanged(sessionId);
    }
  }

  it('forgets nothing of a session that grows while nobody looks at it', async () => {
    follower.markChanged(sessionId);
    await tellsOf(1);
    await grow(50);
    await tellsOf(51);
  });

  it('tells of what was put off as soon as somebody looks, and then of each growth by itself', async () => {
    follower.markChanged(sessionId);
    await tellsOf(1);
    await grow(1);
    const looking = new AbortController();
    follower.watch(sessionId, looking.signal);
    await tellsOf(2);
    for (const seq of [3, 4, 5, 6]) {
      await grow(1);
      await tellsOf(seq);
    }
    assert.equal(told, 6);
    looking.abort();
    await grow(1);
    await tellsOf(7);
  });
});
