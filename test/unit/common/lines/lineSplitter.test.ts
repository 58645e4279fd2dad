import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { LineSplitter } from '../../../../src/common/lines/lineSplitter';

function split(pieces: readonly (string | Buffer)[], limitBytes: number): string[] {
  const splitter = new LineSplitter(limitBytes);
  const lines = pieces.flatMap((piece) => [...splitter.push(typeof piece === 'string' ? Buffer.from(piece) : piece)]);
  const last = splitter.end();
  return [...lines, ...(last === undefined ? [] : [last])].map(
    ({ bytes, isCut }) => `${bytes.toString('utf8')}${isCut ? '…' : ''}`,
  );
}

describe('lines of bytes', () => {
  it('are the same however the bytes come', () => {
    const text = 'one\r\n\ntwo grün\r\nthree\rfour\nno end';
    const expected = ['one', '', 'two grün', 'three\rfour', 'no end'];
    assert.deepEqual(split([text], 1000), expected);
    assert.deepEqual(
      split(
        Array.from(Buffer.from(text), (byte) => Buffer.of(byte)),
        1000,
      ),
      expected,
    );
  });

  it('are cut where they are too long, and nothing of them is lost', () => {
    assert.deepEqual(split(['abcdefg\nhi\n'], 3), ['abc…', 'def…', 'g…', 'hi']);
    assert.deepEqual(split(['abc\nd'], 3), ['abc', 'd']);
    assert.deepEqual(split(['ab', 'cd', 'ef'], 3), ['abc…', 'def…']);
  });

  it('end without a last one where the bytes end with a newline', () => {
    assert.deepEqual(split(['a\n'], 10), ['a']);
    assert.deepEqual(split([''], 10), []);
  });
});
