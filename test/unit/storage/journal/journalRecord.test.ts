import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { crc32 } from 'node:zlib';
import { decodeRecord, encodeRecord } from '../../../../src/storage/journal/journalRecord';

const RECORD = { seq: 7, timestamp: '2026-03-01T08:00:00.123Z', kind: 'tool.call' };
const HEAD = '{"v":1,"seq":7,"ts":"2026-03-01T08:00:00.123Z","kind":"tool.call"';

/** A line with a right checksum. */
function lineOf(body: string): Buffer {
  const checksum = crc32(body).toString(16).padStart(8, '0');
  return Buffer.from(`${body},"crc":"${checksum}"}`);
}

describe('the line of a record', () => {
  it('gives its data, and the bytes of the data as they stand in it', () => {
    for (const data of [{ text: 'quote " \\ \n é 🐑 "data":' }, {}, [1, [2]], null, 'text', 12.5]) {
      const record = decodeRecord(encodeRecord({ ...RECORD, data }).subarray(0, -1));
      assert.ok(!('damaged' in record));
      assert.deepEqual({ ...record, json: undefined }, { ...RECORD, data, json: undefined });
      assert.equal(record.json?.toString(), JSON.stringify(data));
    }
  });

  it('is read in any other form, without these bytes', () => {
    const others: [body: string, data: unknown][] = [
      [`${HEAD},"data":{"a":1},"more":{"data":2}`, { a: 1 }],
      [`{"data":{"a":1},"kind":"tool.call","ts":"2026-03-01T08:00:00.123Z","seq":7,"v":1`, { a: 1 }],
      [`${HEAD.replace('{', '{ ')},"data":{"a":1}`, { a: 1 }],
      [`${HEAD},"data":{"a":1},"data":{"a":2}`, { a: 2 }],
    ];
    for (const [body, data] of others) assert.deepEqual(decodeRecord(lineOf(body)), { ...RECORD, data }, body);
  });

  it('is damaged where the checksum, the JSON or a field of it is wrong', () => {
    const right = encodeRecord({ ...RECORD, data: { text: 'right' } }).subarray(0, -1);
    const flipped = Buffer.from(right);
    flipped[right.indexOf('right')] = 0x52;
    const nested = `${'['.repeat(300)}${']'.repeat(300)}`;
    const wrong = [
      flipped,
      right.subarray(0, 10),
      ...[
        `${HEAD},"data":{"a":`,
        `${HEAD},"data":${nested}`,
        `${HEAD.replace('"seq":7', '"seq":0')},"data":{}`,
        `${HEAD.replace('"seq":7', '"seq":7.5')},"data":{}`,
        `${HEAD.replace('.123Z', 'Z')},"data":{}`,
        `${HEAD.replace('"v":1', '"v":2')},"data":{}`,
      ].map(lineOf),
    ];
    for (const line of wrong) assert.ok('damaged' in decodeRecord(line), line.toString().slice(0, 120));
  });
});
