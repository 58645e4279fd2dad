import type { Readable } from 'node:stream';

/** What comes until the stream's end, cut off at `maxBytes`. */
export function collectOutput(stream: Readable | null, maxBytes: number, onTooMuch: () => void): Buffer[] {
  const chunks: Buffer[] = [];
  let room = maxBytes;
  stream?.on('data', (chunk: Buffer) => {
    if (room > 0) chunks.push(chunk.subarray(0, room));
    if (chunk.length > room) onTooMuch();
    room = Math.max(0, room - chunk.length);
  });
  return chunks;
}
