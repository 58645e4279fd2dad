import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { describe, it } from 'mocha';
import * as v from 'valibot';
import { DRAFTS } from '../../../../support/timelineEditor';
import { SESSION } from '../../../views/timeline/memorySource';
import { useModels } from './modelFixture';

describe('MessageDraft', () => {
  const fixture = useModels();

  it('puts a message that an earlier page could not send before what was typed since', async () => {
    const page = await fixture.start({ sessionId: SESSION, draft: 'typed meanwhile' });
    page.model.receive({ type: 'unsent', text: 'sent' });
    assert.equal(page.model.draft.prompt.text, 'sent\ntyped meanwhile');
  });

  it('keeps the text if sending fails, and shows why', async () => {
    const page = await fixture.start();
    page.model.draft.prompt.set('refused');
    await page.model.draft.send();
    assert.equal(page.model.draft.prompt.text, 'refused');
    assert.deepEqual(page.model.errors, ['It does not run.']);
    page.model.dismiss('It does not run.');
    const sending = page.model.draft.send();
    page.model.draft.prompt.set('typed meanwhile');
    await sending;
    assert.equal(page.model.draft.prompt.text, 'refused\ntyped meanwhile');
    page.model.dismiss('It does not run.');
    page.model.draft.prompt.set('go');
    await page.model.draft.send();
    assert.deepEqual(
      [page.model.draft.prompt.text, page.model.errors, fixture.source.calls],
      ['', [], [{ id: SESSION, text: 'go' }]],
    );
  });

  it('sends what is attached, which stays where that fails, and knows what can be written', async () => {
    const page = await fixture.start();
    const { draft } = page.model;
    const { prompt } = draft;
    const bytes = new TextEncoder().encode('hello');
    await prompt.attach([{ name: 'a.txt', size: 5, arrayBuffer: () => Promise.resolve(bytes.buffer) }]);
    prompt.set('refused');
    await draft.send();
    assert.deepEqual([prompt.text, prompt.attachments.map(({ name }) => name)], ['refused', ['a.txt']]);
    prompt.set('look');
    await draft.send();
    assert.deepEqual([prompt.text, prompt.attachments], ['', []]);
    const [call] = fixture.source.calls;
    const { attachments } = v.parse(v.object({ attachments: v.array(v.object({ name: v.string() })) }), call);
    assert.deepEqual(attachments, [{ name: 'a.txt' }]);
    assert.equal(await prompt.history.older(''), 'second');
    const completions = await prompt.completions({ kind: 'command', text: 're', start: 0, end: 3 });
    await rm(DRAFTS, { recursive: true });
    assert.deepEqual(completions, [{ inserted: '/review', label: '/review', detail: 'by claude' }]);
  });
});
