/** The one form in which texts are searched: composed (NFC) and in lower case, with one i and one sigma. */

/** All other texts are composed. */
const BEYOND_LATIN_1 = /[\u0100-\uffff]/;
/** A code point with what can combine with it: marks, and the later parts of a Hangul syllable. */
const COMBINED = /\P{M}[\p{M}\u1160-\u11ff]*|\p{M}+/gu;

/** `text` in that form. The same text gives the same form whatever its letters' case and normal form are. */
export function searchable(text: string): string {
  if (!BEYOND_LATIN_1.test(text)) return text.toLowerCase();
  return (
    text
      .normalize('NFC')
      // The lower case of U+0130 is two code points, and that of a sigma depends on what follows it.
      .replaceAll('\u0130', 'i')
      .replaceAll('\u03a3', '\u03c3')
      .toLowerCase()
      .replaceAll('\u03c2', '\u03c3')
      .normalize('NFC')
  );
}

/** Where `wanted`, which is in the searchable form, stands in `text`; undefined where it does not. */
export function findSearchable(text: string, wanted: string): { start: number; end: number } | undefined {
  const form = searchable(text);
  const found = form.indexOf(wanted);
  if (found === -1) return undefined;
  if (form.length === text.length && text.normalize('NFC') === text)
    return { start: found, end: found + wanted.length };
  // The form has other lengths: it is followed from character to character.
  let start = 0;
  let at = 0;
  for (const { 0: character, index } of text.matchAll(COMBINED)) {
    if (at <= found) start = index;
    at += searchable(character).length;
    if (at >= found + wanted.length) return { start, end: index + character.length };
  }
  return { start, end: text.length };
}
