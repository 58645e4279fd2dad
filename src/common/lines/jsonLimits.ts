/** Deeper than any real message: a value deeper than this could overflow the stack of code that serializes it again. */
const MAX_DEPTH = 100;
/** More than any real message has, and few enough to be read and checked within one turn of the loop. */
const MAX_VALUES = 200_000;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The index behind the string whose opening quote stands at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return end + 1;
  }
  return text.length;
}

/**
 * Whether a JSON text is nested too deeply, or has too many values, to be parsed at all. A short hostile line could
 * otherwise take seconds and a thousand times its memory.
 */
export function exceedsJsonLimits(
  text: string,
  { maxDepth = MAX_DEPTH, maxValues = MAX_VALUES }: { maxDepth?: number; maxValues?: number } = {},
): boolean {
  let depth = 0;
  let values = 1;
  for (let index = 0; index < text.length;) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) {
      index = endOfString(text, index);
      continue;
    }
    index++;
    if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > maxDepth || ++values > maxValues) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) {
      depth--;
    } else if (code === COMMA && ++values > maxValues) {
      return true;
    }
  }
  return false;
}

/** The JSON value of a text that keeps within the limits; undefined for any other text. */
export function parseJson(text: string): { json: unknown } | undefined {
  if (exceedsJsonLimits(text)) return undefined;
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
