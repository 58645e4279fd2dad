/**
 * output.log: the agent's raw bytes, as evidence and for a better driver to read again. It is a sequence of frames:
 *
 *     C0 · stream (1 stdout, 2 stderr) · two zero bytes · length (uint32) · ms since 1970 (float64) · bytes
 *
 * Numbers are little-endian.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { syncDirectory, temporaryPath } from '../../storage/journal/durableFile';
import { isDiskFull, messageOf } from '../../common/errors';

export type OutputStream = 'stdout' | 'stderr';

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

  /** Settles when the bytes are written. While the disk is full, it waits for space. */
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

  /** Compresses the log to `<path>.gz` and removes the plain file, which stays where that fails. */
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
      await syncDirectory(dirname(compressed)); // so that one of the two survives a power loss
      await rm(this.#path);
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}
