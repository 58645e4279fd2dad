import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { assistantMessage } from '../../storage/assistantMessage';
import { SAME_TEXTS } from '../../storage/search/sameTexts';
import { searchExcerpt } from '../../../../src/views/text/searchExcerpt';

describe('searchExcerpt', () => {
  it('shows the text with what is around it, on one line', () => {
    assert.equal(searchExcerpt(assistantMessage('Found the\nslow test'), 'SLOW'), 'Found the slow test');
    const long = `${'before '.repeat(50)}needle ${'after '.repeat(50)}`;
    const shown = searchExcerpt(assistantMessage(long), 'needle');
    assert.match(shown, /^….*before needle after/);
    assert.ok(shown.length <= 141, shown);
    assert.ok(shown.indexOf('needle') < 20, `is cut off in a narrow side bar: ${shown}`);
  });

  it('shows the text in whatever normal form and case it is written (E5)', () => {
    for (const { text, wanted } of SAME_TEXTS) {
      const long = `${'Œ o\u0304 Λ '.repeat(50)}${text}${' after'.repeat(50)}`;
      for (const each of wanted) {
        const shown = searchExcerpt(assistantMessage(long), each);
        assert.ok(shown.includes('after'), `${each}: ${shown}`);
      }
    }
  });

  it('shows the beginning where the text is only in a payload', () => {
    assert.equal(searchExcerpt(assistantMessage('Cut off'), 'elsewhere'), 'Cut off');
  });
});
