export interface Line {
  /** Without the newline, and without a carriage return before it. */
  bytes: Buffer;
  /** A piece of a line that was too long to be held as one. */
  isCut: boolean;
}

const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Makes lines of bytes that come in any pieces. Never holds more than `limitBytes`. */
export class LineSplitter {
  readonly #limitBytes: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #isCut = false;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  *push(chunk: Buffer): Generator<Line> {
    for (let start = 0; start < chunk.length;) {
      const newline = chunk.indexOf(NEWLINE, start);
      const end = newline === -1 ? chunk.length : newline;
      let piece = chunk.subarray(start, end);
      while (this.#heldBytes + piece.length > this.#limitBytes) {
        const room = this.#limitBytes - this.#heldBytes;
        this.#hold(piece.subarray(0, room));
        this.#isCut = true;
        yield { bytes: this.#take(), isCut: true };
        piece = piece.subarray(room);
      }
      this.#hold(piece);
      if (newline !== -1) yield this.#finish();
      start = end + 1;
    }
  }

  /** What came after the last newline; undefined where nothing did. */
  end(): Line | undefined {
    return this.#heldBytes === 0 ? undefined : this.#finish();
  }

  #hold(piece: Buffer): void {
    this.#held.push(piece);
    this.#heldBytes += piece.length;
  }

  #take(): Buffer {
    const bytes = Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return bytes;
  }

  #finish(): Line {
    const isCut = this.#isCut;
    this.#isCut = false;
    const bytes = this.#take();
    return { bytes: bytes.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes, isCut };
  }
}
