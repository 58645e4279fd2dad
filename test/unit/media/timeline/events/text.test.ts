import assert from 'node:assert/strict';
import { parseFileReference } from '../../../../../media/timeline/events/fileReference';
import { styledText } from '../../../../../media/timeline/events/ansi';
import { inputText, oneLine, formatNumber, formatSize, visibleText } from '../../../../../media/shared/plainText';

const ESC = '\u001b';

describe('visibleText', () => {
  it('shows control characters as symbols and keeps tabs and lines', () => {
    assert.equal(visibleText('a\u0000b\u0007c\u001b[0m\u007f\td\ne'), 'a␀b␇c␛[0m␡\td\ne');
    assert.equal(visibleText('one\r\ntwo\rthree'), 'one\ntwo\nthree');
    assert.equal(visibleText('\u009b31m'), '⟨U+009B⟩31m');
  });

  it('disarms what reorders or hides text, and leaves languages and emoji alone', () => {
    assert.equal(visibleText('a\u202eb\u2066c\u200bd\ufeff'), 'a⟨U+202E⟩b⟨U+2066⟩c⟨U+200B⟩d⟨U+FEFF⟩');
    assert.equal(visibleText('\u{e0041}'), '⟨U+E0041⟩');
    for (const text of ['שלום', 'مرحبا', '👩‍🚀', 'naïve', '日本語', '<b>&amp;']) assert.equal(visibleText(text), text);
  });
});

describe('short texts', () => {
  it('make one line of at most so many characters', () => {
    assert.equal(oneLine('  a\n\tb  c '), 'a b c');
    assert.equal(oneLine('x'.repeat(12_000_000), 5), 'xxxxx…');
  });

  it('name sizes, numbers and inputs', () => {
    assert.deepEqual([0, 1_023, 65_536, 12_582_912].map(formatSize), ['0 B', '1023 B', '64 KB', '12.0 MB']);
    assert.deepEqual([999, 1_000, 12_345, 999_949, 2_500_000].map(formatNumber), [
      '999',
      '1.0k',
      '12.3k',
      '999.9k',
      '2.5M',
    ]);
    assert.deepEqual([undefined, null, 'ls', { a: 1 }, 0].map(inputText), ['', '', 'ls', '{\n  "a": 1\n}', '0']);
  });
});

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

  it('takes out every other sequence, but never the text after one that does not end', () => {
    const plain = (text: string): string =>
      styledText(text)
        .map((stretch) => stretch.text)
        .join('');
    assert.equal(plain(`${ESC}[2K${ESC}[1Ga${ESC}[?25lb`), 'ab');
    assert.equal(plain(`${ESC}]8;;http://x${ESC}\\link${ESC}]8;;${ESC}\\`), 'link');
    assert.equal(plain(`${ESC}]0;title\u0007x`), 'x');
    assert.equal(plain(`${ESC}]0;never ends\nnext line`), '␛]0;never ends\nnext line');
    assert.equal(plain(`${ESC}(B${ESC}7x${ESC}`), 'x␛');
    assert.equal(plain(`${ESC}[31`), '␛[31');
  });

  it('takes a huge text in time that grows with its length', () => {
    const text = `${ESC}]`.repeat(200_000) + ESC + '['.repeat(200_000);
    assert.ok(styledText(text).length > 0);
  });
});

describe('fileAt', () => {
  it('knows a path by its folder or its line, and takes no other text for one', () => {
    assert.deepEqual(parseFileReference('src/a.ts'), { path: 'src/a.ts', line: undefined });
    assert.deepEqual(parseFileReference('a.ts:12'), { path: 'a.ts', line: 12 });
    assert.deepEqual(parseFileReference('/code/b.test.ts:12:5'), { path: '/code/b.test.ts', line: 12 });
    assert.deepEqual(parseFileReference('C:\\x\\a.cs:3'), { path: 'C:\\x\\a.cs', line: 3 });
    for (const text of [
      'a.ts',
      'Array.from',
      'npm test',
      'javascript:alert(1)',
      'https://x.example/a.html',
      'and/or',
      '',
      'src/',
    ])
      assert.equal(parseFileReference(text), undefined, text);
  });
});
