import type { Readable } from 'node:stream';
import { ChannelError } from './channel';

/** What is kept of that which is printed before the sentinel, so that people can read it. */
const MAX_KEPT_BYTES = 16 * 1024;

/** What came instead of the sentinel until the stream ended, or the wait was given up. */
export class NoSentinelError extends ChannelError {
  readonly printed: string;

  constructor(message: string, printed: string) {
    super('NO_SENTINEL', message);
    this.printed = printed;
  }
}

/**
 * Waits for the sentinel on the stream and drops all before it; what follows is left to be read, by a `resume()`.
 * Resolves with the beginning of what was dropped.
 * @throws NoSentinelError
 */
export async function dropUntilSentinel(input: Readable, sentinel: Buffer, signal?: AbortSignal): Promise<string> {
  let kept = Buffer.alloc(0);
  /** The last bytes that may be the beginning of the sentinel. */
  let tail = Buffer.alloc(0);
  const keep = (bytes: Buffer): void => {
    kept = Buffer.concat([kept, bytes.subarray(0, MAX_KEPT_BYTES - kept.length)]);
  };
  return await new Promise((resolve, reject) => {
    const stop = (): void => {
      input.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      signal?.removeEventListener('abort', onAbort);
      input.pause();
    };
    const fail = (message: string): void => {
      stop();
      keep(tail);
      reject(new NoSentinelError(message, kept.toString('utf8')));
    };
    const onEnd = (): void => fail('The stream ended before the other side had answered');
    const onAbort = (): void => fail('The other side did not answer');
    const onData = (chunk: Buffer): void => {
      const bytes = Buffer.concat([tail, chunk]);
      const start = bytes.indexOf(sentinel);
      if (start < 0) {
        const end = Math.max(0, bytes.length - sentinel.length + 1);
        keep(bytes.subarray(0, end));
        tail = bytes.subarray(end);
        return;
      }
      stop();
      keep(bytes.subarray(0, start));
      const rest = bytes.subarray(start + sentinel.length);
      if (rest.length > 0) input.unshift(rest);
      resolve(kept.toString('utf8'));
    };
    input.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    else input.resume();
  });
}
