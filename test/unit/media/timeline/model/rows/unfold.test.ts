import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { foldsHiding } from '../../../../../../media/timeline/model/rows/unfold';
import type { DraftEvent } from '../../../../../../src/storage/events';

const event = (draft: DraftEvent): Parameters<typeof foldsHiding>[0] => ({
  ...draft,
  id: 7,
  sessionId: 'aaaaaaaaaaaa',
  runId: 'bbbbbbbbbbbb',
  seq: 7,
  timestamp: '2026-01-05T09:00:00.000Z',
});
const result = (status: 'ok' | 'failed', output: string): Parameters<typeof foldsHiding>[0] =>
  event({ kind: 'tool.result', data: { callId: 'c', status, output } });
const lines = Array.from({ length: 100 }, (_, index) => `line ${String(index + 1)}.`);

describe('the folds that hide what was found', () => {
  it('are none where the text stands in the lines that are shown', () => {
    assert.deepEqual(foldsHiding(result('ok', lines.join('\n')), 'LINE 14.'), []);
    assert.deepEqual(foldsHiding(result('failed', lines.join('\n')), 'line 86.'), []);
  });

  it('are the rest of an output: of one that failed, what is above its end', () => {
    assert.deepEqual(foldsHiding(result('ok', lines.join('\n')), 'line 15.'), ['7 output whole']);
    assert.deepEqual(foldsHiding(result('failed', lines.join('\n')), 'line 85.'), ['7 output whole']);
  });

  it('are the hunks that have it in their folded lines', () => {
    const diff = [
      '@@ -1,0 +1,50 @@',
      ...lines.slice(0, 50).map((line) => `+${line}`),
      '@@ -60,0 +110,2 @@',
      '+other',
      '+more',
    ].join('\n');
    const change = event({ kind: 'file.change', data: { path: 'a.txt', change: 'modified', diff } });
    assert.deepEqual(foldsHiding(change, 'line 3.'), []);
    assert.deepEqual(foldsHiding(change, 'line 49.'), ['7 diff hunk 0']);
    assert.deepEqual(foldsHiding(change, 'more'), ['7 diff hunk 1']);
  });
});
