export interface Line {
  /** Without the newline and a carriage return before it. */
  bytes: Buffer;
  /** True for a piece of a line that exceeds the limit. */
  isCut: boolean;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Splits a stream of bytes into lines, cut into pieces of at most `limitBytes`. */
export class LineSplitter {
  readonly #limitBytes: number;
  #buffered: Buffer[] = [];
  #bufferedBytes = 0;
  #isCut = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      let piece = chunk.subarray(start, end);
      while (this.#bufferedBytes + piece.length > this.#limitBytes) {
        const room = this.#limitBytes - this.#bufferedBytes;
        this.#append(piece.subarray(0, room));
        this.#isCut = true;
        yield { bytes: this.#drain(), isCut: true };
        piece = piece.subarray(room);
      }
      this.#append(piece);
      if (newline !== -1) yield this.#endLine();
      start = end + 1;
    }
  }

  /** What follows the last newline; undefined where nothing does. */
  end(): Line | undefined {
    return this.#bufferedBytes === 0 ? undefined : this.#endLine();
  }

  #append(piece: Buffer): void {
    this.#buffered.push(piece);
    this.#bufferedBytes += piece.length;
  }

  #drain(): Buffer {
    const bytes = Buffer.concat(this.#buffered);
    this.#buffered = [];
    this.#bufferedBytes = 0;
    return bytes;
  }

  #endLine(): Line {
    const isCut = this.#isCut;
    this.#isCut = false;
    const bytes = this.#drain();
    return { bytes: bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes, isCut };
  }
}
