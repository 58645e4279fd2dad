import assert from 'node:assert/strict';
import { PREVIEW_LENGTH } from '../../../../src/protocol/timelineProtocol';
import { previewOf } from '../../../../src/views/timeline/eventPreview';
import { MemorySource } from './memorySource';

describe('previewOf', () => {
  it('leaves short events as they are, cuts large inputs to the start of their JSON, and no character in half', () => {
    const source = new MemorySource();
    const short = source.add({ kind: 'message', data: { role: 'user', text: 'x' } });
    assert.equal(previewOf(short), short);
    const call = previewOf(
      source.add({
        kind: 'tool.call',
        data: {
          callId: 'c',
          name: 'Write',
          title: 't',
          category: 'edit',
          locations: [],
          input: { lines: Array.from({ length: 9_000 }, (_, index) => index) },
        },
      }),
    );
    assert.ok(
      call.kind === 'tool.call' && typeof call.data.input === 'string' && call.data.input.startsWith('{\n  "lines": ['),
    );
    assert.ok((call.cut?.['input'] ?? 0) > PREVIEW_LENGTH);
    const emoji = previewOf(
      source.add({ kind: 'message', data: { role: 'user', text: `x${'😀'.repeat(PREVIEW_LENGTH)}` } }),
    );
    assert.ok(emoji.kind === 'message' && !/\p{Surrogate}/u.test(emoji.data.text));
  });

  it('keeps the end of an output that failed, and the start of one that is stored apart', () => {
    const source = new MemorySource();
    const output = `first${' '.repeat(PREVIEW_LENGTH)}last`;
    const shown = (blobs: object): string => {
      const event = previewOf(
        source.add({ kind: 'tool.result', data: { callId: 'c', status: 'failed', output, ...blobs } }),
      );
      return event.kind === 'tool.result' ? event.data.output : '';
    };
    assert.ok(shown({}).endsWith('last'));
    assert.ok(shown({ blobs: { '/output': { sha256: 'a'.repeat(64), bytes: 9_000 } } }).startsWith('first'));
  });
});
