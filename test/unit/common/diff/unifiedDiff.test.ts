import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { openLinesOf, parseUnifiedDiff } from '../../../../src/common/diff/unifiedDiff';

/** `kind before after text` of each line. */
function linesOf(diff: string): string[][] {
  return parseUnifiedDiff(diff).map(({ lines }) =>
    lines.map(({ kind, before, after, text }) => `${kind} ${before ?? '-'} ${after ?? '-'} ${text}`),
  );
}

describe('parseUnifiedDiff', () => {
  it('numbers the lines of each hunk, before and after', () => {
    const diff =
      '--- a/a.js\n+++ b/a.js\n@@ -1,2 +1,3 @@\n one\n-two\n+zwei\n+drei\n@@ -10 +11 @@ function f()\n-ten\n+zehn\n';
    assert.deepEqual(linesOf(diff), [
      ['context 1 1 one', 'removed 2 - two', 'added - 2 zwei', 'added - 3 drei'],
      ['removed 10 - ten', 'added - 11 zehn'],
    ]);
    assert.equal(parseUnifiedDiff(diff)[1]?.section, 'function f()');
  });

  it('takes lines for content that only look like headers', () => {
    assert.deepEqual(linesOf('@@ -1,2 +1,2 @@\n--- a\n-@@\n+++ b\n+@@ -1 +1 @@\n'), [
      ['removed 1 - -- a', 'removed 2 - @@', 'added - 1 ++ b', 'added - 2 @@ -1 +1 @@'],
    ]);
  });

  it('keeps every line of a diff without numbers, of a cut one, and of what is no diff', () => {
    assert.deepEqual(linesOf('@@\n-a\n+b\n\n c'), [['removed - - a', 'added - - b', 'context - - ', 'context - - c']]);
    assert.deepEqual(linesOf('@@ -5,9 +5,9 @@\n five\n-si'), [['context 5 5 five', 'removed 6 - si']]);
    assert.deepEqual(linesOf('Binary files differ'), [['note - - Binary files differ']]);
    assert.deepEqual(linesOf('@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n'), [
      ['removed 1 - a', 'added - 1 b', 'note - - \\ No newline at end of file'],
    ]);
  });

  it('numbers a new file from 1, and shows no number of what was not there', () => {
    assert.deepEqual(linesOf('--- /dev/null\n+++ b/new\n@@ -0,0 +1,2 @@\n+a\n+b\n'), [['added - 1 a', 'added - 2 b']]);
  });
});

describe('openLinesOf', () => {
  const hunksOf = (...counts: number[]) =>
    counts.map((count) => ({
      section: '',
      lines: Array.from({ length: count }, () => ({ kind: 'added', text: '' }) as const),
    }));

  it('opens a short diff, the start of a long one, and no fold for its last three lines', () => {
    assert.deepEqual(openLinesOf(hunksOf(10, 10), 24), [10, 10]);
    assert.deepEqual(openLinesOf(hunksOf(10, 40, 5), 24), [10, 14, 0]);
    assert.deepEqual(openLinesOf(hunksOf(27), 24), [27]);
    assert.deepEqual(openLinesOf(hunksOf(28), 24), [24]);
    assert.deepEqual(openLinesOf(hunksOf(200, 200), Infinity), [200, 200]);
  });
});
