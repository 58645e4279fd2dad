import assert from 'node:assert/strict';
import { extractBlobs } from '../../../../src/storage/journal/blobExtraction';
import { readPayload } from '../../../../src/storage/journal/eventPayload';
import type { SessionEvent } from '../../../../src/storage/events';
import { parseDraft } from '../../../../src/storage/events';

/** The event as a runner would journal it, and what reads its blobs. */
function journalled(
  kind: string,
  whole: object,
): { event: SessionEvent; readBlob: (sha256: string) => Promise<string> } {
  const { data, blobs } = extractBlobs(whole);
  const draft = parseDraft(kind, data);
  assert.ok(draft);
  const readBlob = (sha256: string): Promise<string> => {
    const blob = blobs.find((each) => each.sha256 === sha256);
    return blob === undefined
      ? Promise.reject(new Error('no such blob'))
      : Promise.resolve(blob.content.toString('utf8'));
  };
  return {
    event: {
      ...draft,
      id: 1,
      sessionId: 'aaaaaaaaaaaa',
      runId: 'bbbbbbbbbbbb',
      seq: 1,
      timestamp: '2026-01-05T09:00:00.000Z',
    },
    readBlob,
  };
}

const LONG = 'é'.repeat(100_000);

describe('readPayload', () => {
  it('gives a short field as it is, and what is no text as JSON', async () => {
    const { event, readBlob } = journalled('tool.result', { callId: 'c', status: 'ok', output: 'short' });
    assert.equal(await readPayload(event, 'output', readBlob), 'short');
    const call = journalled('tool.call', {
      callId: 'c',
      name: 'n',
      title: 't',
      input: { a: [1] },
      category: 'other',
      locations: [],
    });
    assert.equal(await readPayload(call.event, 'input', call.readBlob), JSON.stringify({ a: [1] }, undefined, 2));
    for (const field of ['input', 'blobs', 'toString'])
      assert.equal(await readPayload(event, field, readBlob), undefined);
  });

  it('puts blobs back, also deep inside of an input and whole fields', async () => {
    const result = journalled('tool.result', { callId: 'c', status: 'ok', output: LONG });
    assert.equal(await readPayload(result.event, 'output', result.readBlob), LONG);
    const input = { edits: [{ 'a/b~c': LONG }, { old: 'x' }] };
    const call = journalled('tool.call', {
      callId: 'c',
      name: 'n',
      title: 't',
      input,
      category: 'edit',
      locations: [],
    });
    assert.ok(Object.keys(call.event.data.blobs ?? {}).length > 0);
    assert.deepEqual(JSON.parse((await readPayload(call.event, 'input', call.readBlob)) ?? ''), input);
    const many = { numbers: Array.from({ length: 100_000 }, (_, index) => index) };
    const large = journalled('tool.call', {
      callId: 'c',
      name: 'n',
      title: 't',
      input: many,
      category: 'edit',
      locations: [],
    });
    assert.deepEqual(JSON.parse((await readPayload(large.event, 'input', large.readBlob)) ?? ''), many);
  });

  it('says so when a blob is gone', async () => {
    const { event } = journalled('tool.result', { callId: 'c', status: 'ok', output: LONG });
    await assert.rejects(
      readPayload(event, 'output', () => Promise.reject(new Error('gone'))),
      /gone/,
    );
  });
});
