/**
 * Makes any text harmless to show: what cannot be seen gets a symbol, so that nothing an agent prints can hide or
 * reorder what stands beside it. Tabs and line ends stay.
 */
export function visibleText(text: string): string {
  return (
    text
      .replace(/\r\n?/g, '\n') // a lone carriage return overwrites on a terminal; here both texts stay, on lines of their own
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
      .replace(/\u007f/g, '\u2421')
      // C1 controls; marks, embeddings, overrides and isolates of direction; invisible separators, tags, byte order mark
      .replace(
        /[\u0080-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff\u{e0000}-\u{e007f}]/gu,
        codePointLabel,
      )
  );
}

function codePointLabel(character: string): string {
  return `⟨U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟩`;
}

/** Made visible and put on one line of at most `maxLength` characters, for titles. */
export function oneLine(text: string, maxLength = 300): string {
  // Cut twice: first so that a huge text is not cleaned as a whole, then because symbols take room.
  const line = visibleText(text.slice(0, maxLength * 2))
    .replace(/\s+/g, ' ')
    .trim();
  return line.length > maxLength ? `${line.slice(0, maxLength)}…` : line;
}

/** `840 B`, `12 KB`, `3.4 MB`. */
export function formatSize(bytes: number): string {
  if (bytes < 1_024) return `${String(bytes)} B`;
  if (bytes < 1_024 * 1_024) return `${String(Math.round(bytes / 1_024))} KB`;
  return `${(bytes / (1_024 * 1_024)).toFixed(1)} MB`;
}

/** A tool's input as text: a lone text as it is, everything else as indented JSON. */
export function inputText(input: unknown): string {
  if (input === undefined || input === null) return '';
  return typeof input === 'string' ? input : JSON.stringify(input, undefined, 2);
}

/** `12345` as `12.3k`: for totals where the last digits do not matter. */
export function formatNumber(value: number): string {
  if (value < 1_000) return String(value);
  if (value < 999_950) return `${(value / 1_000).toFixed(1)}k`;
  return `${(value / 1_000_000).toFixed(1)}M`;
}
