import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { SESSION } from '../../../views/timeline/memorySource';
import { useModels } from './modelFixture';

describe('MessageDraft', () => {
  const fixture = useModels();

  it('puts a message that an earlier page could not send before what was typed since', async () => {
    const page = await fixture.start({ sessionId: SESSION, draft: 'typed meanwhile' });
    page.model.receive({ type: 'unsent', text: 'sent' });
    assert.equal(page.model.draft.text, 'sent\ntyped meanwhile');
  });

  it('keeps the text if sending fails, and shows why', async () => {
    const page = await fixture.start();
    page.model.draft.set('refused');
    await page.model.draft.send();
    assert.equal(page.model.draft.text, 'refused');
    assert.deepEqual(page.model.errors, ['It does not run.']);
    page.model.dismiss('It does not run.');
    const sending = page.model.draft.send();
    page.model.draft.set('typed meanwhile');
    await sending;
    assert.equal(page.model.draft.text, 'refused\ntyped meanwhile');
    page.model.dismiss('It does not run.');
    page.model.draft.set('go');
    await page.model.draft.send();
    assert.deepEqual(
      [page.model.draft.text, page.model.errors, fixture.source.calls],
      ['', [], [{ id: SESSION, text: 'go' }]],
    );
  });
});
