import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { oneLine as pageLine } from '../../../media/shared/plainText';
import { oneLine } from '../../../src/common/oneLine';
import { endOf, shorten, startOf } from '../../../src/common/shorten';
import { extractBlobs } from '../../../src/storage/journal/blobExtraction';
import { titleOf } from '../../../src/supervisor/sessions/sessionTitle';
import { transcriptPrompt } from '../../../src/supervisor/runs/prompts/transcript';
import { assistantMessage } from '../storage/assistantMessage';
import { PREVIEW_LENGTH } from '../../../src/protocol/timelineProtocol';
import { previewOf } from '../../../src/views/timeline/eventPreview';
import { searchExcerpt } from '../../../src/views/text/searchExcerpt';

/** Each is one character for its reader: a family, a flag, letters with accents, a Hangul syllable, a keycap. */
const CHARACTERS = ['👨‍👩‍👧‍👦', '🇫🇷', 'ж\u0301', 'щ\u0308\u0323', '\u1112\u1161\u11ab', '👍🏽', '7\ufe0f\u20e3', '😀', 'क्षि'];
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

function isWhole(part: string, character: string): boolean {
  return [...segmenter.segment(part)].every(({ segment }) => !character.includes(segment) || segment === character);
}

describe('a shortened text', () => {
  it('is cut between characters, at its end and at its start (E4)', () => {
    for (const character of CHARACTERS)
      for (let shift = 0; shift < 12; shift++) {
        const text = `${'x'.repeat(shift)}${character.repeat(40)}${'y'.repeat(shift)}`;
        for (const part of [startOf(text, 50), endOf(text, 50)])
          assert.ok(part.length <= 50 && part.length > 50 - character.length, `${part.length} units of ${character}`);
        for (const part of [startOf(text, 50), endOf(text, 50), shorten(text, 30).slice(0, -1)])
          assert.ok(isWhole(part, character), `${character} in ${JSON.stringify(part)}`);
        assert.ok(Array.from(shorten(text, 30)).length <= 30);
      }
  });

  it('has the length that it may have, whatever it is made of (E4)', () => {
    const tower = `a${'\u0301'.repeat(10_000)}`;
    for (const text of [tower, `😀${tower}`, '\ud83d'.repeat(1_000), '\u200d'.repeat(1_000)]) {
      assert.ok(startOf(text, 100).length >= 99 && startOf(text, 100).length <= 100);
      assert.ok(endOf(text, 100).length >= 99 && endOf(text, 100).length <= 100);
      assert.ok(Array.from(shorten(text, 100)).length <= 100);
    }
    assert.equal(shorten('😀'.repeat(5), 5), '😀'.repeat(5));
    assert.equal(shorten('abcdef', 5), 'abcd…');
  });

  it('is whole wherever Corral shortens one (E4)', () => {
    for (const character of CHARACTERS)
      for (let shift = 0; shift < 3; shift++) {
        const text = `${'x '.repeat(shift)}${'x'.repeat(shift % 3)}${character.repeat(12_000)}`;
        const preview = previewOf(assistantMessage(text)).data as { text: string };
        const { data } = extractBlobs({ text });
        const retold = transcriptPrompt(
          { runs: [] },
          [
            { runId: 'r', role: 'user', content: text, timestamp: '' },
            { runId: 'r', role: 'assistant', content: text, timestamp: '' },
          ],
          'And now?',
        );
        const shortened = {
          title: titleOf(text),
          line: oneLine(text),
          pageLine: pageLine(text),
          preview: preview.text,
          blob: (data as { text: string }).text,
          excerpt: searchExcerpt(assistantMessage(`${text} needle ${text}`), 'needle'),
          retold,
        };
        for (const [name, part] of Object.entries(shortened))
          assert.ok(isWhole(part, character), `${name} of ${character} after ${shift}: ${part.slice(-60)}`);
        assert.ok(preview.text.length <= PREVIEW_LENGTH && preview.text.length > PREVIEW_LENGTH - 20);
      }
  });
});
