import type { Line } from './lineSplitter';
import { LineSplitter } from './lineSplitter';

/** The lines of a stream of bytes as they come, the last one also without a newline. */
export async function* readLines(input: AsyncIterable<Buffer>, limitBytes: number): AsyncGenerator<Line> {
  const lines = new LineSplitter(limitBytes);
  for await (const chunk of input) yield* lines.push(chunk);
  const last = lines.end();
  if (last !== undefined) yield last;
}
