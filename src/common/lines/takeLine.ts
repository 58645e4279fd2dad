import type { Readable } from 'node:stream';

const NEWLINE = 0x0a;

/** The first line of a stream, without its newline; what follows stays in the stream. Undefined where there is none. */
export async function takeLine(stream: Readable, limitBytes: number): Promise<string | undefined> {
  let bytes = Buffer.alloc(0);
  while (bytes.length <= limitBytes) {
    const chunk = await takeChunk(stream);
    if (chunk === undefined) return undefined;
    bytes = Buffer.concat([bytes, chunk]);
    const end = bytes.indexOf(NEWLINE);
    if (end < 0) continue;
    if (end + 1 < bytes.length) stream.unshift(bytes.subarray(end + 1));
    return bytes.toString('utf8', 0, end);
  }
  return undefined;
}

/** What a stream of bytes has now, or next; undefined at its end. The stream is paused meanwhile. */
export async function takeChunk(stream: Readable): Promise<Buffer | undefined> {
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (stream.readableEnded || stream.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        stream.off('readable', done).off('end', done).off('close', done).off('error', done);
        resolve();
      };
      stream.on('readable', done).on('end', done).on('close', done).on('error', done);
    });
  }
}
