import { shorten, startOf } from './shorten';

/**
 * Text of others as people can see it. Where they decide about it, `⏎` is a line end, `␣` a space beside another or at
 * an end, `⇥` a tab and `⟨U+200B⟩` that character, so that it can be told what the text was.
 */

/** Direction marks, embeddings, overrides and isolates, invisible separators, tags, and the byte order mark. */
const REORDERING = /[\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
const CONTROL = /(?![\t\n])\p{Cc}/gu;

/** Other, separators but for the space, what takes no room, a blank pattern, and the signs that stand for others. */
const UNCLEAR = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800⟨⏎␣⇥…]/gu;
/** A mark that stands on no letter, or is the fourth on the same, can cover what is beside it. */
const LOOSE_MARK = /(?<!\p{L}\p{M}{0,2})\p{M}/gu;
const MAX_LINE_CHARACTERS = 200;

/**
 * For what is only read: characters that hide or reorder become symbols, those of languages and emoji stay.
 * Tabs and line ends stay too.
 */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n') // a lone carriage return overwrites the line on a terminal; both texts are shown here
    .replace(CONTROL, controlSymbol)
    .replace(REORDERING, codePointLabel);
}

/** For what a person decides about: the whole text with its line ends, every unclear character as its label. */
export function exactText(text: string): string {
  return text
    .split('\n')
    .map((line) => line.replace(UNCLEAR, codePointLabel).replace(LOOSE_MARK, codePointLabel))
    .join('\n');
}

export interface VisibleLine {
  text: string;
  /** False where anything was cut or is shown by a sign. */
  isExact: boolean;
}

/** The same on one line of at most `maxCharacters` code points. */
export function visibleLine(text: string, maxCharacters = MAX_LINE_CHARACTERS): VisibleLine {
  const start = startOf(text, maxCharacters * 2); // at least so many code points, of a text that may be huge
  const line = exactText(start)
    .replace(/\n/g, '⏎')
    .replace(/⟨U\+0009⟩/g, '⇥')
    .replace(/ (?= )|(?<= ) |^ | $/g, '␣');
  const shown = shorten(start === text ? line : `${line}…`, maxCharacters);
  return { text: shown, isExact: shown === text };
}

/** The symbol that Unicode has for an ASCII control character, such as `␛`; a label for the others. */
function controlSymbol(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : codePointLabel(character);
}

/** `⟨U+200B⟩`. */
function codePointLabel(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}
