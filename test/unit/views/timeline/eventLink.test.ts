import assert from 'node:assert/strict';
import { linkPath, linkedEvent } from '../../../../src/views/timeline/eventLink';

describe('links to events', () => {
  it('lead back to the event', () => {
    const event = { sessionId: 'aaaaaaaaaaaa', runId: 'bbbbbbbbbbbb', seq: 12 };
    assert.deepEqual(linkedEvent(linkPath(event)), event);
  });

  it('are nothing else', () => {
    const path = linkPath({ sessionId: 'aaaaaaaaaaaa', runId: 'bbbbbbbbbbbb', seq: 12 });
    for (const wrong of [
      '',
      '/',
      `${path}/x`,
      path.slice(1),
      path.replace('12', '0'),
      path.replace('12', '1e3'),
      path.replace('aaaa', '../a'),
      path.replace('event', 'delete'),
    ]) {
      assert.equal(linkedEvent(wrong), undefined, wrong);
    }
  });
});
