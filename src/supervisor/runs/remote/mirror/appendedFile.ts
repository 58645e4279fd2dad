import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../../../common/disks/regularFile';
import { readAt } from '../../../../storage/journal/journalReader';
import type { StillOwner } from '../../../system/locks';

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;
const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** A file here that grows as the same one on a host does. It is never shortened. */
export class AppendedFile {
  readonly #file: FileHandle;
  readonly #stillOwner: StillOwner;
  #length: number;

  private constructor(file: FileHandle, length: number, stillOwner: StillOwner) {
    this.#file = file;
    this.#length = length;
    this.#stillOwner = stillOwner;
  }

  /** `stillOwner` is asked before each append. */
  static async open(path: string, stillOwner: StillOwner): Promise<AppendedFile> {
    const file = await openRegular(path, FLAGS, 0o600);
    return new AppendedFile(file, (await file.stat()).size, stillOwner);
  }

  get length(): number {
    return this.#length;
  }

  /** @throws where another process appended meanwhile, or has the lock */
  async append(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await this.#stillOwner();
    const { size } = await this.#file.stat();
    if (size !== this.#length) throw new Error('Another process writes to the same copy');
    await this.#file.appendFile(bytes);
    this.#length += bytes.length;
  }

  /** What stands behind the last newline: the beginning of a line of which the rest did not come. */
  async tornLine(): Promise<Buffer> {
    for (let bytes = CHUNK_BYTES; ; bytes *= 2) {
      const start = Math.max(0, this.#length - bytes);
      const end = await readAt(this.#file, Buffer.allocUnsafe(this.#length - start), start);
      const newline = end.lastIndexOf(NEWLINE);
      if (newline !== -1 || start === 0) return end.subarray(newline + 1);
    }
  }

  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
