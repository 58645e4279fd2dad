/** Upper-case ASCII letters as lower-case ones, all other bytes as they are. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte));

/**
 * Finds a phrase of ASCII characters in bytes, whatever the case of its letters, by Horspool's algorithm: it looks at
 * the byte where the phrase would end, and mostly goes on by the phrase's whole length. Nothing is copied.
 */
export class AsciiSearch {
  readonly #phrase: Uint8Array;
  /** For each byte under the phrase's end, how far the phrase can be moved on. */
  readonly #steps: Int32Array;

  /** `phrase` is not empty. */
  constructor(phrase: string) {
    this.#phrase = Buffer.from(phrase, 'latin1').map((byte) => LOWER[byte] as number);
    const last = this.#phrase.length - 1;
    const steps = new Int32Array(256).fill(last + 1);
    this.#phrase.subarray(0, last).forEach((byte, place) => (steps[byte] = last - place));
    this.#steps = steps.map((_, byte) => steps[LOWER[byte] as number] as number);
  }

  /** The first place of the phrase from an offset on; -1 where there is none. */
  find(bytes: Uint8Array, from: number): number {
    const [phrase, steps] = [this.#phrase, this.#steps];
    const last = phrase.length - 1;
    for (let end = from + last; end < bytes.length; end += steps[bytes[end] as number] as number) {
      let place = last;
      while (place >= 0 && LOWER[bytes[end - last + place] as number] === phrase[place]) place--;
      if (place < 0) return end - last;
    }
    return -1;
  }
}
