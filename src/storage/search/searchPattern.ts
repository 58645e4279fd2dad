import { searchable } from '../../common/searchable';
import { AsciiSearch } from './asciiSearch';
import { gramsOf } from './gramFilter';

const NEWLINE = 0x0a;
/** Fields of an event that hold hashes and bytes. */
const NO_TEXTS: ReadonlySet<string> = new Set(['blobs', 'pictures']);

/** As Latin-1, the bytes of the other characters whose searchable form is one ASCII character. */
const ALSO_WRITTEN: Readonly<Record<string, readonly string[]>> = {
  i: ['\xc4\xb0', 'I\xcc\x87'],
  k: ['\xe2\x84\xaa'],
  ';': ['\xcd\xbe'],
  '`': ['\xe1\xbf\xaf'],
};

/** The bytes of those characters. Where they are not, ASCII stands for itself. */
export const OTHER_WRITINGS: readonly Buffer[] = Object.values(ALSO_WRITTEN)
  .flat()
  .map((writing) => Buffer.from(writing, 'latin1'));

function longest(parts: readonly string[] | null): string {
  return (parts ?? []).reduce((best, part) => (part.length > best.length ? part : best), '');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** The part of a text that is printable ASCII and not escaped in JSON, so that it can be found in bytes. */
class AsciiPart {
  readonly #search: AsciiSearch;
  readonly #careful: RegExp;
  /** Where none of these bytes are, the quick search finds everything. */
  readonly #otherBytes: readonly Buffer[];

  constructor(part: string) {
    const others = Object.entries(ALSO_WRITTEN).filter(([character]) => part.includes(character));
    // Without their ASCII letters, which are in every text.
    this.#otherBytes = others.flatMap(([, writings]) =>
      writings.map((writing) => Buffer.from(writing.replace(/^I/, ''), 'latin1')),
    );
    this.#search = new AsciiSearch(part);
    const alternatives = Array.from(part, (character) => {
      const writings = ALSO_WRITTEN[character] ?? [];
      return writings.length === 0 ? escaped(character) : `(?:${[...writings, escaped(character)].join('|')})`;
    });
    this.#careful = new RegExp(alternatives.join(''), 'gi');
  }

  /** A function that gives the first place of the part from an offset on; -1 where there is none. */
  finder(bytes: Buffer): (from: number) => number {
    if (!this.#otherBytes.some((other) => bytes.includes(other))) return (from) => this.#search.find(bytes, from);
    const text = bytes.toString('latin1');
    const expression = this.#careful;
    return (from) => {
      expression.lastIndex = from;
      return expression.exec(text)?.index ?? -1;
    };
  }
}

/** A text to be found in its searchable form, in journals (escaped as JSON) and in blobs (as it is). */
export class SearchPattern {
  readonly #text: string;
  readonly #escaped: string;
  /** Found in a line's JSON as it is. */
  readonly #unescapedPart: string;
  readonly #asciiPart: AsciiPart | undefined;
  /** In whatever is found, also in JSON, in this or the other case; '' where there is no such part. */
  readonly plainPart: string;
  /** The grams of all that the text has in printable ASCII. */
  readonly grams: readonly number[];
  /** A match has at most so many bytes, escaped or not. */
  readonly maxBytes: number;

  /** `text` is not empty. */
  constructor(text: string) {
    this.#text = searchable(text);
    this.#escaped = searchable(JSON.stringify(text).slice(1, -1));
    this.#unescapedPart = longest(this.#text.match(/[^\p{Cc}\p{Cs}"\\]+/gu));
    const asciiPart = longest(this.#text.match(/[ !#-[\]-~]+/g));
    this.#asciiPart = asciiPart === '' ? undefined : new AsciiPart(asciiPart);
    this.plainPart = longest(this.#text.match(/[ !#-:<-[\]-_a-hjl-~]+/g));
    this.grams = gramsOf(this.#text);
    // A composed character has at most four parts of three bytes each.
    this.maxBytes = this.#escaped.length * 12;
  }

  isInText(text: string): boolean {
    return searchable(text).includes(this.#text);
  }

  /** True if any text of an event has it, however deep it lies. Names of fields, blobs and pictures do not count. */
  isInData(data: Record<string, unknown>): boolean {
    return Object.entries(data).some(([name, value]) => !NO_TEXTS.has(name) && this.#isInValue(value));
  }

  /** Offsets of the lines of JSON that may have the text, in order. */
  *linesOf(lines: Buffer): Generator<number> {
    const find = this.#asciiPart?.finder(lines);
    for (let start = 0; start < lines.length;) {
      const place = find === undefined ? start : find(start);
      if (place === -1) return;
      if (place > start) start = lines.lastIndexOf(NEWLINE, place - 1) + 1;
      const newline = lines.indexOf(NEWLINE, place);
      const end = newline === -1 ? lines.length : newline;
      // Without an ASCII part the line has to be decoded.
      const isFound =
        find !== undefined || searchable(lines.toString('utf8', start, end)).includes(this.#unescapedPart);
      if (isFound) yield start;
      start = end + 1;
    }
  }

  /** True if a blob has the text, as it is or escaped as JSON. */
  isInBytes(bytes: Buffer): boolean {
    if (this.#asciiPart !== undefined && this.#asciiPart.finder(bytes)(0) === -1) return false;
    const text = searchable(bytes.toString('utf8'));
    return text.includes(this.#text) || text.includes(this.#escaped);
  }

  #isInValue(value: unknown): boolean {
    if (typeof value === 'string') return this.isInText(value);
    if (Array.isArray(value)) return value.some((item) => this.#isInValue(item));
    return typeof value === 'object' && value !== null && Object.values(value).some((item) => this.#isInValue(item));
  }
}
