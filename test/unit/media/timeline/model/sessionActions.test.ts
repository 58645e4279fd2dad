import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import { useModels } from './modelFixture';

describe('SessionActions', () => {
  const fixture = useModels();

  it('show the files of the last snapshot before the position', async () => {
    const snapshot = (digit: string): DraftEvent => ({
      kind: 'snapshot',
      data: { commit: digit.repeat(40), tree: digit.repeat(40) },
    });
    fixture.source.addMessages(2);
    fixture.source.add(snapshot('a'));
    fixture.source.addMessages(2);
    fixture.source.add(snapshot('b'));
    const page = await fixture.start();
    await page.model.actions.showFiles();
    page.model.replay.moveTo(5);
    await page.model.actions.showFiles();
    page.model.replay.moveTo(2);
    await page.model.actions.showFiles();
    assert.deepEqual(page.shownCommits, ['b'.repeat(40), 'a'.repeat(40)]);
    assert.deepEqual(page.model.errors, ['No snapshot was taken before this moment.']);
  });

  it('pass a text to the search of the whole history', async () => {
    const page = await fixture.start();
    await page.model.actions.searchHistory('at the end of a long output');
    assert.deepEqual([page.searched, page.model.errors], [['at the end of a long output'], []]);
  });
});
