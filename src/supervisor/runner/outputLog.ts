/**
 * output.log: the agent's raw bytes as evidence, and for reading them again with a better driver. A row of frames:
 * `C0`, stream (1 stdout, 2 stderr), two zero bytes, length (uint32), time in ms since 1970 (float64), all little-endian, then the bytes.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { syncDirectory, temporaryPath } from '../../storage/journal/durableFile';
import { hasCode, isDiskFull, messageOf } from '../../common/errors';

export type OutputStream = 'stdout' | 'stderr';

export interface OutputFrame {
  stream: OutputStream;
  /** Milliseconds since 1970, when the bytes were read. */
  timeMs: number;
  bytes: Buffer;
}

const HEADER_BYTES = 16;
const MARKER = 0xc0;
const STREAM_CODES = { stdout: 1, stderr: 2 } as const;
const RETRY_MS = 1_000;

function encodeHeader(stream: OutputStream, timeMs: number, length: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(MARKER, 0);
  header.writeUInt8(STREAM_CODES[stream], 1);
  header.writeUInt32LE(length, 4);
  header.writeDoubleLE(timeMs, 8);
  return header;
}

export interface OutputLogOptions {
  /** Called with the error when the disk is full, and with undefined when there is space again. */
  onPaused: (error: unknown) => void;
  /** Called at most once: the log ends there, and the run goes on without it. */
  onFailed: (reason: string) => void;
}

export class OutputLog {
  readonly #path: string;
  readonly #options: OutputLogOptions;
  readonly #file: FileHandle;
  #position = 0;
  #last = Promise.resolve();
  #hasFailed = false;

  private constructor(path: string, file: FileHandle, options: OutputLogOptions) {
    this.#path = path;
    this.#file = file;
    this.#options = options;
  }

  static async open(path: string, options: OutputLogOptions): Promise<OutputLog> {
    return new OutputLog(path, await open(path, 'wx', 0o600), options);
  }

  /** Settles when the bytes are written; while the disk is full, not before there is space. */
  append(stream: OutputStream, bytes: Buffer): Promise<void> {
    const frame = Buffer.concat([encodeHeader(stream, Date.now(), bytes.length), bytes]);
    this.#last = this.#last.then(() => this.#write(frame));
    return this.#last;
  }

  async #write(frame: Buffer): Promise<void> {
    let done = 0;
    let isPaused = false;
    while (done < frame.length && !this.#hasFailed) {
      try {
        done += (await this.#file.write(frame, done, frame.length - done, this.#position + done)).bytesWritten;
      } catch (error) {
        if (isDiskFull(error)) {
          if (!isPaused) this.#options.onPaused(error);
          isPaused = true;
          await delay(RETRY_MS);
        } else {
          this.#hasFailed = true;
          this.#options.onFailed(messageOf(error));
        }
      }
    }
    if (isPaused) this.#options.onPaused(undefined);
    this.#position += frame.length;
  }

  /** Compresses the log to `<path>.gz` and removes the plain one, which stays where that fails. */
  async finish(): Promise<void> {
    await this.#last;
    await this.#file.close();
    const compressed = `${this.#path}.gz`;
    const temporary = temporaryPath(compressed);
    try {
      await pipeline(
        createReadStream(this.#path),
        createGzip(),
        createWriteStream(temporary, { flags: 'wx', mode: 0o600, flush: true }),
      );
      await rename(temporary, compressed);
      await syncDirectory(dirname(compressed)); // one of the two names is there after a power loss
      await rm(this.#path);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

/** The frames of the log at `path` or, where it is compressed already, of `<path>.gz`. Ends before a torn last frame; throws for anything else that is no frame. */
export async function* readOutputFrames(path: string): AsyncGenerator<OutputFrame> {
  const isPlain = await stat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT')) return false;
      throw error;
    },
  );
  const source = isPlain ? createReadStream(path) : createReadStream(`${path}.gz`).pipe(createGunzip());
  let held = Buffer.alloc(0);
  // Without an encoding both kinds of stream give buffers.
  for await (const chunk of source as AsyncIterable<Buffer>) {
    held = Buffer.concat([held, chunk]);
    for (let frame = decodeFrame(held); frame !== undefined; frame = decodeFrame(held)) {
      held = held.subarray(HEADER_BYTES + frame.bytes.length);
      yield frame;
    }
  }
}

function decodeFrame(bytes: Buffer): OutputFrame | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const code = bytes.readUInt8(1);
  if (bytes.readUInt8(0) !== MARKER || (code !== STREAM_CODES.stdout && code !== STREAM_CODES.stderr))
    throw new Error('The output log is damaged');
  const length = bytes.readUInt32LE(4);
  if (bytes.length < HEADER_BYTES + length) return undefined;
  const stream = code === STREAM_CODES.stdout ? 'stdout' : 'stderr';
  return { stream, timeMs: bytes.readDoubleLE(8), bytes: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length) };
}
