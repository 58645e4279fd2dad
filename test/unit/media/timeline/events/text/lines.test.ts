import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { styledText } from '../../../../../../media/timeline/events/text/ansi';
import { countLines, firstLines, lastLines } from '../../../../../../media/timeline/events/text/lines';

const textOf = (text: string, count: number): string =>
  lastLines(styledText(text), count)
    .map((part) => part.text)
    .join('');

describe('lines of a long text', () => {
  it('counts lines, of which the last needs no end', () => {
    assert.deepEqual(
      [countLines('', 9), countLines('a\nb', 9), countLines('a\nb\n', 9), countLines('a\nb\nc', 2)],
      [1, 2, 2, 2],
    );
  });

  it('gives the first ones', () => {
    assert.deepEqual([firstLines('a\nb\nc', 2), firstLines('a\nb', 2), firstLines('\n\nc', 1)], ['a\nb', 'a\nb', '']);
  });

  it('gives the last ones with the style that began before them', () => {
    assert.deepEqual(
      [textOf('a\nb\nc\n', 2), textOf('a\nb\nc', 1), textOf('a', 3), textOf('\nb', 1)],
      ['b\nc\n', 'c', 'a', 'b'],
    );
    assert.deepEqual(lastLines(styledText('x\u001b[31ma\nb\nc\u001b[0m!'), 2), [
      { text: 'b\nc', classes: 'ansiRed' },
      { text: '!', classes: '' },
    ]);
  });
});
