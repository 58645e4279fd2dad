import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { DraftEvent } from '../../../../../src/storage/events';
import { RUN, SESSION } from '../../../views/timeline/memorySource';
import { ALLOW, useModels } from './modelFixture';

describe('PendingPermissions', () => {
  const fixture = useModels();

  it('tells requests with the same number in different runs apart', async () => {
    const later = 'cccccccccccc';
    const ask: DraftEvent = { kind: 'permission.request', data: { requestId: '0', title: 't', options: [ALLOW] } };
    fixture.source.add(ask);
    const page = await fixture.start();
    assert.equal(page.model.permissions.isPending({ runId: RUN, requestId: '0' }), true);
    fixture.source.add(
      { kind: 'tool.call', data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] } },
      1_000,
      later,
      2,
    );
    fixture.source.add({ ...ask, data: { ...ask.data, callId: 'c' } }, 1_000, later, 2);
    await page.until((model) => model.playlist.rowCount === 3);
    const pending = [RUN, later].map((runId) => page.model.permissions.isPending({ runId, requestId: '0' }));
    assert.deepEqual(pending, [false, true]);
    await page.model.permissions.answer({ runId: later, requestId: '0' }, { optionId: 'o' });
    assert.deepEqual(fixture.source.calls, [{ id: SESSION, requestId: '0', answer: { runId: later, optionId: 'o' } }]);
  });
});
