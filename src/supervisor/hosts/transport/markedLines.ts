import type { Readable } from 'node:stream';
import { takeChunk } from '../../../common/lines/takeLine';
import type { BootstrapWord } from './bootstrap';

/** What is kept of that which the host printed besides. */
const MAX_PRINTED_BYTES = 16 * 1024;
/** No line of the script is as long. */
const MAX_LINE_BYTES = 64 * 1024;
const WORDS: readonly string[] = ['noNode', 'noFolder', 'send', 'notInstalled', 'ready'] satisfies BootstrapWord[];

/** Reads the lines that begin with a mark, and leaves all that follows the last of them in the stream. */
export class MarkedLines {
  readonly #output: Readable;
  readonly #mark: Buffer;
  #printed = Buffer.alloc(0);

  constructor(output: Readable, mark: string) {
    this.#output = output;
    this.#mark = Buffer.from(`${mark} `);
  }

  /** What came before the lines that were read. */
  get printed(): string {
    return this.#printed.toString('utf8').trim();
  }

  /** The next line; undefined where the stream ended, or something else speaks there. */
  async next(): Promise<{ word: BootstrapWord; detail: string } | undefined> {
    let bytes = Buffer.alloc(0);
    for (;;) {
      const chunk = await takeChunk(this.#output);
      if (chunk === undefined) {
        this.#keep(bytes);
        return undefined;
      }
      bytes = Buffer.concat([bytes, chunk]);
      const start = bytes.indexOf(this.#mark);
      const end = start < 0 ? -1 : bytes.indexOf('\n', start);
      if (end >= 0) {
        this.#keep(bytes.subarray(0, start));
        const rest = bytes.subarray(end + 1);
        if (rest.length > 0) this.#output.unshift(rest);
        const [, word = '', detail = ''] = /^(\w+) ?(.*)$/.exec(lineOf(bytes, start + this.#mark.length, end)) ?? [];
        return isWord(word) ? { word, detail } : undefined;
      }
      if (start >= 0 && bytes.length - start > MAX_LINE_BYTES) return undefined;
      if (start < 0 && bytes.length > MAX_LINE_BYTES) {
        const dropped = bytes.length - this.#mark.length;
        this.#keep(bytes.subarray(0, dropped));
        bytes = bytes.subarray(dropped);
      }
    }
  }

  #keep(bytes: Buffer): void {
    this.#printed = Buffer.concat([this.#printed, bytes.subarray(0, MAX_PRINTED_BYTES - this.#printed.length)]);
  }
}

function lineOf(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end).trimEnd();
}

function isWord(word: string): word is BootstrapWord {
  return WORDS.includes(word);
}
