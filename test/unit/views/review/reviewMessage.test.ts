import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { reviewMessage } from '../../../../src/views/review/reviewMessage';

describe('the remarks of a review', () => {
  it('become one message, by file and line, with the lines that they are about', () => {
    const message = reviewMessage([
      { path: 'src/b.ts', firstLine: 3, lastLine: 4, quoted: 'one\r\ntwo', text: 'Why two?\nOne is enough.\n' },
      { path: 'src/a.ts', firstLine: 9, lastLine: 9, quoted: 'x', text: 'Rename it' },
    ]);
    assert.equal(
      message,
      [
        'I have reviewed your changes. Please work through these 2 remarks:',
        '',
        '1. src/a.ts, line 9:',
        '   > x',
        '   Rename it',
        '',
        '2. src/b.ts, lines 3 to 4:',
        '   > one',
        '   > two',
        '   Why two?',
        '   One is enough.',
      ].join('\n'),
    );
  });

  it('quote no more than a person would', () => {
    const message = reviewMessage([
      { path: 'a', firstLine: 1, lastLine: 500, quoted: 'line\n'.repeat(500), text: 'All of it' },
    ]);
    assert.match(message, /this remark/);
    assert.ok(message.split('\n').length < 20);
  });
});
