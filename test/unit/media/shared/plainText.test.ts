import assert from 'node:assert/strict';
import { joinParts, oneLine, visibleText } from '../../../../media/shared/plainText';

describe('visibleText', () => {
  it('shows control characters as symbols and keeps tabs and lines', () => {
    assert.equal(visibleText('a\u0000b\u0007c\u001b[0m\u007f\td\ne'), 'a␀b␇c␛[0m␡\td\ne');
    assert.equal(visibleText('one\r\ntwo\rthree'), 'one\ntwo\nthree');
    assert.equal(visibleText('\u009b31m'), '⟨U+009B⟩31m');
  });

  it('replaces characters that reorder or hide text, and leaves languages and emoji alone', () => {
    assert.equal(visibleText('a\u202eb\u2066c\u200bd\ufeff'), 'a⟨U+202E⟩b⟨U+2066⟩c⟨U+200B⟩d⟨U+FEFF⟩');
    assert.equal(visibleText('\u{e0041}'), '⟨U+E0041⟩');
    for (const text of ['שלום', 'مرحبا', '👩‍🚀', 'naïve', '日本語', '<b>&amp;']) assert.equal(visibleText(text), text);
  });
});

describe('oneLine', () => {
  it('puts a text on one line of limited length', () => {
    assert.equal(oneLine('  a\n\tb  c '), 'a b c');
    assert.equal(oneLine('x'.repeat(12_000_000), 5), 'xxxxx…');
  });
});

describe('joinParts', () => {
  it('joins the parts that there are', () => {
    assert.equal(joinParts(['a\nb', undefined, '', 'long'], 3), 'a b · lon…');
    assert.equal(joinParts([undefined, '']), '');
  });
});
