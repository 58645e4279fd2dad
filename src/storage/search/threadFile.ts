/* eslint-disable @typescript-eslint/no-restricted-imports -- A thread of its own has nothing else to do meanwhile.
   Node hands other calls to threads that the whole process shares, which takes several times as long as a read. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { NON_BLOCKING } from '../../common/disks/regularFile';
import { hasCode } from '../../common/errors';

/** A regular file that a thread reads, which waits for the disk. */
export class ThreadFile implements Disposable {
  readonly sizeBytes: number;
  readonly #descriptor: number;

  /** Undefined where there is nothing. @throws the system's error, and where something else than a file is there */
  static open(path: string): ThreadFile | undefined {
    try {
      return new ThreadFile(path);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
  }

  private constructor(path: string) {
    this.#descriptor = openSync(path, constants.O_RDONLY | NON_BLOCKING);
    const found = fstatSync(this.#descriptor);
    this.sizeBytes = found.size;
    if (found.isFile()) return;
    closeSync(this.#descriptor);
    throw new Error(`${path} is no regular file`);
  }

  /** Fills `bytes` from a place of the file on. Returns how many there were. */
  read(bytes: Uint8Array, position: number): number {
    let length = 0;
    while (length < bytes.length) {
      const more = readSync(this.#descriptor, bytes, length, bytes.length - length, position + length);
      if (more === 0) break;
      length += more;
    }
    return length;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }
}

/** The length of what is at `path`; undefined where there is nothing. @throws the system's error */
export function sizeInThread(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** The names in a folder; none where it cannot be read. */
export function namesInThread(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
