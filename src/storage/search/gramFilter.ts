/**
 * A small set of the five-byte pieces ("grams") of a run's texts. Where one of a phrase's grams is missing, the run
 * cannot hold the phrase.
 */
import { crc32 } from 'node:zlib';

/** Shorter ones stand in nearly every text. */
const GRAM_BYTES = 5;
/** As large as a hundredth of the text: an eighth of a bit for each of its bytes. */
const TEXT_BYTES_PER_FILTER_BYTE = 100;
/** Format, length of the journal, checksum of the bits. */
const HEADER_BYTES = 16;
const FORMAT = 0x31474643; // CFG1
/** Stands between stretches that are the same in a text, in its JSON and in a blob. */
const BREAK = 0;

/** What each byte counts as: printable ASCII in lower case, without what JSON escapes, and else a break. */
const FOLDED = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return BREAK;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
});

function hashOf(first: number, rest: number): number {
  let hash = Math.imul(rest ^ Math.imul(first, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
  return (hash ^ (hash >>> 13)) >>> 0;
}

/** Calls `use` with the hash of each gram in `bytes`. */
function eachGram(bytes: Uint8Array, use: (hash: number) => void): void {
  let [rest, length] = [0, 0];
  for (let index = 0; index < bytes.length; index++) {
    const folded = FOLDED[bytes[index] as number] as number;
    if (folded === BREAK) {
      length = 0;
      continue;
    }
    const first = rest >>> 24;
    rest = (rest << 8) | folded;
    if (++length >= GRAM_BYTES) use(hashOf(first, rest));
  }
}

/** The grams that every text with this phrase has; none where the phrase has no stretch that is long enough. */
export function gramsOf(searchablePhrase: string): number[] {
  const grams: number[] = [];
  eachGram(Buffer.from(searchablePhrase), (hash) => grams.push(hash));
  return grams;
}

export class GramFilter {
  /** Empty where the texts have characters that no filter can follow. */
  readonly #bits: Uint8Array;

  /** For texts of about so many bytes. */
  static forText(textBytes: number): GramFilter {
    return new GramFilter(new Uint8Array(Math.ceil(textBytes / TEXT_BYTES_PER_FILTER_BYTE)));
  }

  /** A filter that says of each phrase that it may be there. */
  static open(): GramFilter {
    return new GramFilter(new Uint8Array(0));
  }

  /** The filter in `file`; undefined where that is damaged, of another version, or of another length of the journal. */
  static decode(file: Buffer, journalBytes: number): GramFilter | undefined {
    if (file.length < HEADER_BYTES || file.readUInt32LE(0) !== FORMAT) return undefined;
    const bits = file.subarray(HEADER_BYTES);
    const isOurs = file.readDoubleLE(4) === journalBytes && file.readUInt32LE(12) === crc32(bits);
    return isOurs ? new GramFilter(bits) : undefined;
  }

  private constructor(bits: Uint8Array) {
    this.#bits = bits;
  }

  /** Adds a piece of text. Pieces overlap by `OVERLAP_BYTES`, so that no gram is lost between them. */
  add(bytes: Uint8Array): void {
    const bits = this.#bits;
    const share = (bits.length * 8) / 2 ** 32;
    eachGram(bytes, (hash) => {
      const place = (hash * share) | 0;
      bits[place >> 3] = (bits[place >> 3] as number) | (1 << (place & 7));
    });
  }

  mayHave(grams: readonly number[]): boolean {
    const bits = this.#bits;
    const share = (bits.length * 8) / 2 ** 32;
    return (
      bits.length === 0 ||
      grams.every((hash) => {
        const place = (hash * share) | 0;
        return ((bits[place >> 3] as number) & (1 << (place & 7))) !== 0;
      })
    );
  }

  encode(journalBytes: number): Buffer {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(FORMAT, 0);
    header.writeDoubleLE(journalBytes, 4);
    header.writeUInt32LE(crc32(this.#bits), 12);
    return Buffer.concat([header, this.#bits]);
  }
}

export const OVERLAP_BYTES = GRAM_BYTES - 1;
