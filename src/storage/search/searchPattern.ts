/**
 * The longest part of the text that is printable ASCII and not escaped in JSON, so that it can be found in bytes.
 * Undefined where there is none, and then everything has to be decoded.
 */
function longestAsciiPart(text: string): RegExp | undefined {
  const parts = text.match(/[ !#-[\]-~]+/g) ?? [];
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '');
  return longest === '' ? undefined : new RegExp(longest.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gi');
}

/** A text to be found whatever the case of its letters, in journals (escaped as JSON) and in blobs (as it is). */
export class SearchPattern {
  readonly #text: string;
  readonly #escaped: string;
  readonly #asciiPart: RegExp | undefined;
  /** A match has at most so many bytes, escaped or not. */
  readonly maxBytes: number;

  /** `text` is not empty. */
  constructor(text: string) {
    const escaped = JSON.stringify(text).slice(1, -1);
    this.#text = text.toLowerCase();
    this.#escaped = escaped.toLowerCase();
    this.#asciiPart = longestAsciiPart(text);
    this.maxBytes = Buffer.byteLength(escaped) * 3;
  }

  isInText(text: string): boolean {
    return text.toLowerCase().includes(this.#text);
  }

  /** True if any string in `value` has the text, however deep it lies. Names of fields do not count. */
  isInValue(value: unknown): boolean {
    if (typeof value === 'string') return this.isInText(value);
    if (Array.isArray(value)) return value.some((item) => this.isInValue(item));
    return typeof value === 'object' && value !== null && Object.values(value).some((item) => this.isInValue(item));
  }

  /** Offsets in lines of JSON at which the text may be: at least one in each line that has it. */
  *placesInJson(lines: Buffer): Generator<number> {
    if (this.#asciiPart === undefined) {
      // Without an ASCII part the lines have to be decoded.
      let start = 0;
      for (const line of lines.toString('utf8').split('\n')) {
        if (line.toLowerCase().includes(this.#escaped)) yield start;
        start += Buffer.byteLength(line) + 1;
      }
      return;
    }
    for (const match of lines.toString('latin1').matchAll(this.#asciiPart)) yield match.index;
  }

  /** True if a blob has the text, as it is or escaped as JSON. */
  isInBytes(bytes: Buffer): boolean {
    if (this.#asciiPart !== undefined && bytes.toString('latin1').search(this.#asciiPart) === -1) return false;
    const text = bytes.toString('utf8').toLowerCase();
    return text.includes(this.#text) || text.includes(this.#escaped);
  }
}
