import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUN, SESSION } from '../../../views/timeline/memorySource';
import { MESSAGE, useModels } from './modelFixture';

describe('TimelineModel', () => {
  const fixture = useModels();

  it('follows new events, or counts them while it does not', async () => {
    fixture.source.addMessages(3);
    const page = await fixture.start();
    assert.deepEqual([page.model.replay.shownRows, page.model.replay.position], [3, undefined]);
    fixture.source.addMessages(2);
    await page.until((model) => model.replay.shownRows === 5);
    assert.equal(page.model.newRows, 0);
    page.model.setFollowing(false);
    fixture.source.addMessages(4);
    await page.until((model) => model.newRows === 4);
    page.model.setFollowing(true);
    assert.equal(page.model.newRows, 0);
    page.model.toggle('a part that somebody opens to read');
    assert.equal(page.model.following, false);
  });

  it('restores the saved state, and ignores a position that is not there', async () => {
    fixture.source.addMessages(10);
    const page = await fixture.start({ sessionId: SESSION, position: { runId: RUN, seq: 4 }, draft: 'half' });
    assert.deepEqual([page.model.replay.shownRows, page.model.draft.prompt.text], [4, 'half']);
    const other = await fixture.start({
      sessionId: SESSION,
      runId: 'zzzzzzzzzzzz',
      position: { runId: 'zzzzzzzzzzzz', seq: 4 },
    });
    assert.deepEqual([other.model.replay.shownRows, other.model.runId], [10, undefined]);
  });

  it('shows one run or all', async () => {
    fixture.source.addMessages(3);
    fixture.source.add(MESSAGE, 3_600_000, 'cccccccccccc', 2);
    const page = await fixture.start();
    assert.equal(page.model.replay.shownRows, 4);
    page.model.selectRun('cccccccccccc');
    assert.deepEqual(page.model.playlist.placeOf(0), { runId: 'cccccccccccc', seq: 1 });
    assert.equal(page.saved?.runId, 'cccccccccccc');
    page.model.selectRun(undefined);
    assert.equal(page.model.playlist.durationMs, 2_000);
  });

  it('shows the event of a link, also of another run and while the page is hidden', async () => {
    fixture.source.addMessages(5);
    fixture.source.add(MESSAGE, 1_000, 'cccccccccccc', 2);
    const page = await fixture.start({ sessionId: SESSION, runId: 'cccccccccccc' });
    assert.equal(page.model.replay.shownRows, 1);
    page.host.show({ runId: RUN, seq: 3 });
    assert.deepEqual(
      [page.model.runId, page.model.replay.shownRows, page.model.replay.place],
      [undefined, 3, { runId: RUN, seq: 3 }],
    );
    page.host.show({ runId: RUN, seq: 99 });
    assert.deepEqual([page.model.replay.shownRows, page.model.errors.length], [6, 1]);
    page.host.pause();
    page.host.show({ runId: RUN, seq: 2 });
    await page.model.start();
    assert.equal(page.model.replay.shownRows, 2);
  });

  it('asks again for a session that could not be read', async () => {
    fixture.source.addMessages(2);
    fixture.source.failures.push(new Error('The store is busy.'));
    const page = await fixture.start();
    assert.deepEqual([page.model.session, page.model.errors], [undefined, ['The store is busy.']]);
    await page.model.checkConnection();
    assert.deepEqual([page.model.replay.shownRows, page.model.errors], [2, []]);
  });
});
