import assert from 'node:assert/strict';
import { styledText } from '../../../../../../media/timeline/events/text/ansi';

const ESC = '\u001b';

describe('styledText', () => {
  it('keeps the sixteen colours and attributes', () => {
    assert.deepEqual(styledText(`a${ESC}[1;31mred${ESC}[0m b${ESC}[92mg${ESC}[39m.`), [
      { text: 'a', classes: '' },
      { text: 'red', classes: 'ansiRed bold' },
      { text: ' b', classes: '' },
      { text: 'g', classes: 'ansiBrightGreen' },
      { text: '.', classes: '' },
    ]);
    assert.deepEqual(
      styledText(`${ESC}[38;5;1mx${ESC}[38;2;1;4;3my${ESC}[mz`).map(({ classes }) => classes),
      ['', '', ''],
    );
  });

  it('removes other sequences, but never the text after one that does not end', () => {
    const plain = (text: string): string =>
      styledText(text)
        .map((part) => part.text)
        .join('');
    assert.equal(plain(`${ESC}[2K${ESC}[1Ga${ESC}[?25lb`), 'ab');
    assert.equal(plain(`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`), 'link');
    assert.equal(plain(`${ESC}]0;title\u0007x`), 'x');
    assert.equal(plain(`${ESC}]0;never ends\nnext line`), '␛]0;never ends\nnext line');
    assert.equal(plain(`${ESC}(B${ESC}7x${ESC}`), 'x␛');
    assert.equal(plain(`${ESC}[31`), '␛[31');
  });

  it('parses a huge text in seconds', () => {
    const text = `${ESC}]`.repeat(200_000) + ESC + '['.repeat(200_000);
    const startMs = performance.now();
    const parts = styledText(text);
    assert.ok(performance.now() - startMs < 20_000, 'the time grows faster than the length of the text');
    // Only `ESC[[` is a complete sequence.
    assert.equal(parts.map((part) => part.text).join('').length, text.length - 3);
  });
});
