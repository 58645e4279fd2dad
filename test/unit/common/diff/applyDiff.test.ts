import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { applyDiff, sidesOf } from '../../../../src/common/diff/applyDiff';
import { parseUnifiedDiff } from '../../../../src/common/diff/unifiedDiff';

const apply = (text: string, diff: string): string | undefined => applyDiff(text, parseUnifiedDiff(diff));

describe('applyDiff', () => {
  it('applies every hunk, also where earlier edits moved it', () => {
    const diff = '@@ -1,2 +1,3 @@\n a\n-b\n+B\n+B2\n@@ -4 +5 @@\n-d\n+D\n';
    assert.equal(apply('a\nb\nc\nd\n', diff), 'a\nB\nB2\nc\nD\n');
    assert.equal(apply('x\ny\na\nb\nc\nd\n', diff), 'x\ny\na\nB\nB2\nc\nD\n');
    assert.equal(apply('a\nb\nc\nd\n', '@@\n-c\n+C\n'), 'a\nb\nC\nd\n');
  });

  it('gives nothing where the text does not have what is changed', () => {
    assert.equal(apply('a\nother\nc\nd\n', '@@ -1,2 +1,2 @@\n a\n-b\n+B\n'), undefined);
  });

  it('gives the two sides of what is recorded', () => {
    assert.deepEqual(sidesOf(parseUnifiedDiff('@@ -1,2 +1,2 @@\n a\n-b\n+B\n@@ -9 +9 @@\n-i\n+I\n')), {
      before: 'a\nb\n⋯\ni',
      after: 'a\nB\n⋯\nI',
    });
  });
});
