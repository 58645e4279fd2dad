import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { exactText, visibleLine, visibleText } from '../../../src/common/visibleText';

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

describe('visibleLine', () => {
  it('shows every line end and every invisible character by a sign (E6)', () => {
    const cases: [text: string, shown: string][] = [
      ['npm test', 'npm test'],
      ['echo "naïve 日本語 שלום مرحبا हिन्दी ไทย"', 'echo "naïve 日本語 שלום مرحبا हिन्दी ไทย"'],
      ['ls\nrm -rf .', 'ls⏎rm -rf .'],
      ['ls\r\nrm', 'ls⟨U+000D⟩⏎rm'],
      ['a\u200fb\u061cc\u200bd', 'a⟨U+200F⟩b⟨U+061C⟩c⟨U+200B⟩d'],
      ['a\u202eb\u2066c\u2028d\ufeff', 'a⟨U+202E⟩b⟨U+2066⟩c⟨U+2028⟩d⟨U+FEFF⟩'],
      ['a\u0000\u001b[31m\u009bb', 'a⟨U+0000⟩⟨U+001B⟩[31m⟨U+009B⟩b'],
      ['a\u200db\u115fc\u3164d\u2800e\u034ff\ufe0f', 'a⟨U+200D⟩b⟨U+115F⟩c⟨U+3164⟩d⟨U+2800⟩e⟨U+034F⟩f⟨U+FE0F⟩'],
      ['a\u00a0b\u3000c\u{e0041}', 'a⟨U+00A0⟩b⟨U+3000⟩c⟨U+E0041⟩'],
      ['a\ud800b\ue000', 'a⟨U+D800⟩b⟨U+E000⟩'],
      ['\u0301a', '⟨U+0301⟩a'],
      ['a\u0301\u0301\u0301\u0301', 'a\u0301\u0301\u0301⟨U+0301⟩'],
      ['a   b', 'a␣␣␣b'],
      [' a ', '␣a␣'],
      ['a\tb', 'a⇥b'],
      ['a⏎b␣c⇥d…⟨U+200B⟩', 'a⟨U+23CE⟩b⟨U+2423⟩c⟨U+21E5⟩d⟨U+2026⟩⟨U+27E8⟩U+200B⟩'],
    ];
    for (const [text, shown] of cases)
      assert.deepEqual(visibleLine(text), { text: shown, isExact: text === shown }, JSON.stringify(text));
  });

  it('says that it cut what is longer than 200 characters (E6)', () => {
    assert.deepEqual(visibleLine('🙂'.repeat(200)), { text: '🙂'.repeat(200), isExact: true });
    assert.deepEqual(visibleLine('🙂'.repeat(201)), { text: `${'🙂'.repeat(199)}…`, isExact: false });
    assert.deepEqual(visibleLine('x'.repeat(12_000_000)), { text: `${'x'.repeat(199)}…`, isExact: false });
  });
});

describe('exactText', () => {
  it('keeps lines and spaces, and shows all else that cannot be seen (E6)', () => {
    assert.equal(exactText('if a\n\tb\u200f\n  c'), 'if a\n⟨U+0009⟩b⟨U+200F⟩\n  c');
  });
});
