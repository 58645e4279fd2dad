import type { Line } from '../../common/lines/lineSplitter';
import { LineSplitter } from '../../common/lines/lineSplitter';
import type { OutputStream } from './outputLog';

/** Splits the two output streams of a process into lines. */
export class OutputLines {
  readonly #splitters: Record<OutputStream, LineSplitter>;
  readonly #onLine: (stream: OutputStream, line: Line) => void;

  constructor(maxLineBytes: number, onLine: (stream: OutputStream, line: Line) => void) {
    this.#splitters = { stdout: new LineSplitter(maxLineBytes), stderr: new LineSplitter(maxLineBytes) };
    this.#onLine = onLine;
  }

  push(stream: OutputStream, chunk: Buffer): void {
    for (const line of this.#splitters[stream].push(chunk)) this.#onLine(stream, line);
  }

  /** Call at the end of the output, for last lines without a newline. */
  end(): void {
    for (const stream of ['stdout', 'stderr'] as const) {
      const line = this.#splitters[stream].end();
      if (line !== undefined) this.#onLine(stream, line);
    }
  }
}
