/** Direction marks, embeddings, overrides and isolates, invisible separators, tags, and the byte order mark. */
const INVISIBLE = /[\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu;
const CONTROL = /(?![\t\n])\p{Cc}/gu;

/**
 * Replaces characters that cannot be seen by symbols, so that an agent's text can neither hide nor reorder what is
 * shown beside it. Tabs and line ends stay.
 */
export function visibleText(text: string): string {
  return text
    .replace(/\r\n?/g, '\n') // a lone carriage return overwrites the line on a terminal; both texts are shown here
    .replace(CONTROL, controlSymbol)
    .replace(INVISIBLE, codePointLabel);
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

/** The visible text on one line of at most `maxLength` characters, for titles. */
export function oneLine(text: string, maxLength = 300): string {
  // A huge text is cut before it is cleaned, which costs time, and again after: symbols make it longer.
  const line = visibleText(text.slice(0, maxLength * 2))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

/** The parts that are there, each on one line and separated by dots: `Turn 2 ended · end_turn`. */
export function joinParts(parts: readonly (string | undefined)[], maxPartLength?: number): string {
  return parts
    .filter((part): part is string => part !== undefined && part !== '')
    .map((part) => oneLine(part, maxPartLength))
    .join(' · ');
}
