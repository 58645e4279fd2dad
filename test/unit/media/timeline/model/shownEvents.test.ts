import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RUN } from '../../../views/timeline/memorySource';
import { ALLOW, useModels } from './modelFixture';

describe('ShownEvents', () => {
  const fixture = useModels();

  it("knows a call's result and a request's answer only at positions that show them", async () => {
    fixture.source.add({
      kind: 'tool.call',
      data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    fixture.source.add({ kind: 'tool.result', data: { callId: 'c', status: 'ok', output: '' } });
    fixture.source.add({ kind: 'permission.request', data: { requestId: 'r', title: 't', options: [ALLOW] } });
    fixture.source.add({ kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'o' } });
    const page = await fixture.start();
    page.model.events.loadRows(0, 3);
    await page.until((model) => typeof model.events.at(3) === 'object');
    assert.equal(page.model.events.callOf(RUN, 'c').result?.seq, 2);
    assert.equal(page.model.events.answerOf(RUN, 'r')?.seq, 4);
    page.model.replay.moveTo(1);
    assert.equal(page.model.events.callOf(RUN, 'c').result, undefined);
    assert.equal(page.model.events.callOf(RUN, 'c').call?.seq, 1);
    assert.equal(page.model.events.answerOf(RUN, 'r'), undefined);
  });

  it('knows which call waits for an answer', async () => {
    fixture.source.add({
      kind: 'tool.call',
      data: { callId: 'c', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    fixture.source.add({
      kind: 'tool.call',
      data: { callId: 'd', name: 'n', title: 't', input: {}, category: 'read', locations: [] },
    });
    fixture.source.add({
      kind: 'permission.request',
      data: { requestId: 'r', callId: 'c', title: 't', options: [ALLOW] },
    });
    const page = await fixture.start();
    page.model.events.loadRows(0, 2);
    await page.until((model) => typeof model.events.at(2) === 'object');
    assert.deepEqual(
      [page.model.events.awaitsPermission(RUN, 'c'), page.model.events.awaitsPermission(RUN, 'd')],
      [true, false],
    );
    fixture.source.add({ kind: 'permission.answer', data: { requestId: 'r', outcome: 'allowed', optionId: 'o' } });
    await page.until((model) => model.playlist.rowCount === 4);
    assert.equal(page.model.events.awaitsPermission(RUN, 'c'), false);
  });

  it('loads a whole event on request', async () => {
    fixture.source.add({ kind: 'message', data: { role: 'assistant', text: 'y'.repeat(20_000) } });
    const page = await fixture.start();
    page.model.events.loadRows(0, 0);
    await page.until((model) => typeof model.events.at(0) === 'object');
    const preview = page.model.events.at(0);
    assert.ok(typeof preview === 'object' && preview.cut !== undefined);
    await page.model.events.loadWhole(preview);
    const whole = page.model.events.at(0);
    assert.ok(typeof whole === 'object' && whole.kind === 'message' && whole.data.text.length === 20_000);
  });
});
