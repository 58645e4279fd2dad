/** Cuts texts between what people see as characters, such as an emoji or a letter and its accents. */

/** No real character is longer. A longer one is cut inside, so that it cannot make a text longer than it may be. */
const MAX_CHARACTER_UNITS = 64;

let segmenter: Intl.Segmenter | undefined;

/** The character of `text` at `index`, by where it begins and ends. */
function characterAt(text: string, index: number): { start: number; end: number } | undefined {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  const found = segmenter.segment(text).containing(index);
  return found === undefined ? undefined : { start: found.index, end: found.index + found.segment.length };
}

function isInsidePair(text: string, index: number): boolean {
  return /^[\ud800-\udbff][\udc00-\udfff]/.test(text.slice(index - 1, index + 1));
}

function isRegionalIndicator(text: string, index: number): boolean {
  const low = text.charCodeAt(index + 1);
  return text.charCodeAt(index) === 0xd83c && low >= 0xdde6 && low <= 0xddff;
}

/** The first whole characters of `text`, at most `maxUnits` UTF-16 units. */
export function startOf(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const start = characterAt(text.slice(0, maxUnits + MAX_CHARACTER_UNITS), maxUnits)?.start ?? maxUnits;
  if (start > maxUnits - MAX_CHARACTER_UNITS) return text.slice(0, start);
  return text.slice(0, isInsidePair(text, maxUnits) ? maxUnits - 1 : maxUnits);
}

/** The last whole characters of `text`, at most `maxUnits` UTF-16 units. */
export function endOf(text: string, maxUnits: number): string {
  if (text.length <= maxUnits) return text;
  const from = text.length - maxUnits;
  let offset = Math.max(0, from - MAX_CHARACTER_UNITS);
  if (isInsidePair(text, offset)) offset--;
  // Flags are pairs, and which two belong together is known only from the first of a row of them.
  while (isRegionalIndicator(text, offset - 2)) offset -= 2;
  const found = characterAt(text.slice(offset, from + MAX_CHARACTER_UNITS), from - offset);
  if (found === undefined || offset + found.start === from) return text.slice(from);
  if (found.end - found.start < MAX_CHARACTER_UNITS) return text.slice(offset + found.end);
  return text.slice(isInsidePair(text, from) ? from + 1 : from);
}

/** `text` with at most `maxCodePoints` code points; a shortened one ends in an ellipsis. */
export function shorten(text: string, maxCodePoints: number): string {
  if (text.length <= maxCodePoints) return text;
  let count = 0;
  let units = 0;
  let cut = 0;
  for (const codePoint of text) {
    if (++count === maxCodePoints) cut = units;
    if (count > maxCodePoints) return `${startOf(text, cut)}…`;
    units += codePoint.length;
  }
  return text;
}
