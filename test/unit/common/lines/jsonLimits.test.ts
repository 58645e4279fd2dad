import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { abridgeStrings } from '../../../../src/common/lines/abridgeStrings';
import { exceedsJsonLimits, parseJson } from '../../../../src/common/lines/jsonLimits';
import { decodeRecord } from '../../../../src/storage/journal/journalRecord';
import { crc32 } from 'node:zlib';

describe('the limits of a line of JSON', () => {
  it('refuse a line that would cost more than it is long, before it is parsed (E7)', () => {
    assert.ok(exceedsJsonLimits(`[${'[],'.repeat(8_000_000)}[]]`));
    assert.ok(exceedsJsonLimits(`[${'{},'.repeat(600_000)}{}]`));
    assert.ok(exceedsJsonLimits(`[${'1,'.repeat(600_000)}1]`));
    assert.ok(exceedsJsonLimits('['.repeat(50_000_000)));
    assert.ok(exceedsJsonLimits('{"a":'.repeat(200)));
    assert.equal(parseJson(`${'['.repeat(101)}${']'.repeat(101)}`), undefined);
  });

  it('let through what real messages hold', () => {
    const rows = Array.from({ length: 100_000 }, (_, row) => `"row ${row}, with [brackets] and \\"quotes\\" {in it}"`);
    const text = `{"lines":[${rows.join(',')}]}`;
    assert.deepEqual(parseJson(text), { json: JSON.parse(text) as unknown });
    assert.deepEqual(parseJson(`"${'[{,'.repeat(1_000_000)}"`), { json: '[{,'.repeat(1_000_000) });
    assert.deepEqual(parseJson('{"a":"\\\\","b":["\\\\\\""]}'), { json: { a: '\\', b: ['\\"'] } });
    const deep = `${'['.repeat(100)}${']'.repeat(100)}`;
    assert.deepEqual(parseJson(deep), { json: JSON.parse(deep) as unknown });
    for (const text of ['', '{', '"', '"\\', ']', '"\\"']) assert.equal(parseJson(text), undefined);
  });

  it('make a record of a journal a damaged one, and are wider there than for drivers (E7)', () => {
    const lineOf = (data: string): Buffer => {
      const body = `{"v":1,"seq":1,"ts":"2026-01-01T00:00:00.000Z","kind":"x","data":${data}`;
      return Buffer.from(`${body},"crc":"${crc32(body).toString(16).padStart(8, '0')}"}`);
    };
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    assert.ok('seq' in decodeRecord(lineOf(nested(150))));
    assert.ok('damaged' in decodeRecord(lineOf(nested(250))));
    const values = `[${'1,'.repeat(300_000)}1]`;
    assert.ok(exceedsJsonLimits(values));
    assert.ok('seq' in decodeRecord(lineOf(values)));
    assert.ok('damaged' in decodeRecord(lineOf(`[${'[],'.repeat(5_000_000)}[]]`)));
  });
});

describe('a line of JSON with its strings abridged', () => {
  it('is JSON with the same shape, whatever is cut', () => {
    const values = [
      'x'.repeat(50),
      'ü'.repeat(50),
      '😀'.repeat(50),
      '\\'.repeat(50),
      '"'.repeat(50),
      '\u0001'.repeat(50),
    ];
    for (const value of values)
      for (let shift = 0; shift < 8; shift++) {
        const line = { text: `${'a'.repeat(shift)}${value}`, rest: [1, 'short', { [value]: null }] };
        const abridged = JSON.parse(abridgeStrings(Buffer.from(JSON.stringify(line)), 20)) as typeof line;
        assert.ok(line.text.startsWith(abridged.text), `${shift} ${value}`);
        assert.ok(abridged.text.length > 0 && abridged.text.length <= 20);
        assert.deepEqual(abridged.rest.slice(0, 2), [1, 'short']);
      }
  });

  it('is the line itself where nothing is long', () => {
    const line = '{"a":"b","c":"\\u0041"} trailing';
    assert.equal(abridgeStrings(Buffer.from(line), 10), line);
    assert.equal(abridgeStrings(Buffer.from('"no end'), 3), '"no end');
  });
});
