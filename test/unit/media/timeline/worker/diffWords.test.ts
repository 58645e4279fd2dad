import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { formatHunk } from '../../../../../media/timeline/worker/diffWords';

/** Each line with its changed words in brackets. */
function marked(language: string, ...lines: string[]): string[] {
  return formatHunk(language, lines.join('\n')).map((parts) =>
    parts
      .map(({ text, isChanged }) => (isChanged ? `[${text}]` : text))
      .join('')
      .replaceAll('][', ''),
  );
}

describe('formatHunk', () => {
  it('marks the words that changed within a line, and not the lines around it', () => {
    assert.deepEqual(
      marked('', ' const a = 1;', '-const name = first(row);', '+const name = last(row);', ' return name;'),
      ['const a = 1;', 'const name = [first](row);', 'const name = [last](row);', 'return name;'],
    );
  });

  it('marks none where a line was replaced by another, or is only added', () => {
    assert.deepEqual(marked('', '-import a from "b";', '+while (true) run();'), [
      'import a from "b";',
      'while (true) run();',
    ]);
    assert.deepEqual(marked('', '-one two', '+one two', '+three'), ['one two', 'one two', 'three']);
  });

  it('has the colours of the language, whatever side a line is on, and over the end of a line', () => {
    const parts = formatHunk('js', [' /* a', '-  b', '+  c */', '+const d = 1;'].join('\n'));
    const classes = parts.map((line) => new Set(line.map((part) => part.classes)));
    assert.deepEqual(classes.slice(0, 3), Array(3).fill(new Set(['hljs-comment'])));
    assert.equal(parts[3]?.[0]?.classes, 'hljs-keyword');
    assert.deepEqual(
      parts.map((line) => line.map(({ text }) => text).join('')),
      ['/* a', '  b', '  c */', 'const d = 1;'],
    );
  });

  it('loses no character, whatever the language and the changes are', () => {
    const lines = [
      '-const x = `a${b}c` // d',
      '-',
      '+const y = `a${b}cc`',
      '+\t// d',
      ' }',
      '\\ No newline at end of file',
    ];
    assert.deepEqual(
      formatHunk('ts', lines.join('\n')).map((line) => line.map(({ text }) => text).join('')),
      lines.map((line) => line.slice(1)),
    );
  });
});
