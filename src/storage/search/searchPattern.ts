/** What is searched for: any text, whatever the case of its letters, in journals (where it stands escaped) and in blobs (where it stands as it is). */

/**
 * The longest part of the text that stands the same in JSON and in a blob, in either case of its letters: printable ASCII without what JSON escapes.
 * Undefined where there is none; other alphabets are compared after decoding.
 */
function commonPart(text: string): RegExp | undefined {
  const parts = text.match(/[ !#-[\]-~]+/g) ?? [];
  const longest = parts.reduce((best, part) => (part.length > best.length ? part : best), '');
  return longest === '' ? undefined : new RegExp(longest.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), 'gi');
}

export class SearchPattern {
  readonly #text: string;
  readonly #escaped: string;
  readonly #part: RegExp | undefined;
  /** Bytes that the text can take at most, in whatever case and form. */
  readonly longestBytes: number;

  /** `text` is not empty. */
  constructor(text: string) {
    const escaped = JSON.stringify(text).slice(1, -1);
    this.#text = text.toLowerCase();
    this.#escaped = escaped.toLowerCase();
    this.#part = commonPart(text);
    this.longestBytes = Buffer.byteLength(escaped) * 3;
  }

  isInText(text: string): boolean {
    return text.toLowerCase().includes(this.#text);
  }

  /** True where any string in `value`, however deep, has the text. Names of fields do not count. */
  isInValue(value: unknown): boolean {
    if (typeof value === 'string') return this.isInText(value);
    if (Array.isArray(value)) return value.some((item) => this.isInValue(item));
    return typeof value === 'object' && value !== null && Object.values(value).some((item) => this.isInValue(item));
  }

  /** Offsets in `lines`, which hold JSON, at which the text may stand: at least one in each line that has it. */
  *placesInJson(lines: Buffer): Generator<number> {
    if (this.#part === undefined) {
      // No letter that stands alone for itself in UTF-8: decode, line by line.
      let start = 0;
      for (const line of lines.toString('utf8').split('\n')) {
        if (line.toLowerCase().includes(this.#escaped)) yield start;
        start += Buffer.byteLength(line) + 1;
      }
      return;
    }
    for (const match of lines.toString('latin1').matchAll(this.#part)) yield match.index;
  }

  /** True where the bytes of a blob (text, or JSON) have the text. */
  isInBytes(bytes: Buffer): boolean {
    if (this.#part !== undefined && bytes.toString('latin1').search(this.#part) === -1) return false;
    const text = bytes.toString('utf8').toLowerCase();
    return text.includes(this.#text) || text.includes(this.#escaped);
  }
}
