import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import { useModels } from './modelFixture';

describe('Facets', () => {
  const fixture = useModels();

  it('lists the tools of the playlist, once they are asked for', async () => {
    const call = (name: string): DraftEvent => ({
      kind: 'tool.call',
      data: { callId: name, name, title: 't', input: {}, category: 'read', locations: [] },
    });
    fixture.source.add(call('Read'));
    fixture.source.add(call('Bash'));
    fixture.source.add(call('Read'), 1_000, 'cccccccccccc', 2);
    const page = await fixture.start();
    assert.deepEqual(page.model.facets.tools, []);
    await page.model.facets.extend();
    assert.deepEqual(page.model.facets.tools, [
      ['Bash', 1],
      ['Read', 2],
    ]);
    fixture.source.add(call('Bash'), 1_000, 'cccccccccccc', 2);
    await page.until((model) => model.playlist.rowCount === 4);
    await page.model.facets.extend();
    assert.deepEqual(page.model.facets.tools, [
      ['Bash', 2],
      ['Read', 2],
    ]);
    page.model.selectRun('cccccccccccc');
    await page.model.facets.extend();
    assert.deepEqual(page.model.facets.tools, [
      ['Bash', 1],
      ['Read', 1],
    ]);
  });
});
