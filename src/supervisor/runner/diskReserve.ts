/** Space on the disk that a run holds for its end: a full disk must keep neither the agent's last words from being written nor that it is gone. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** What an agent may have said that nobody has read yet, both as raw bytes and as events: two pipes full, and a piece of each on its way. */
const LAST_WORDS_BYTES = 1024 * 1024;
/** What is written without an agent: that it was to end, what its tools left, `run.exited`. */
const LAST_RECORDS_BYTES = 64 * 1024;

/** Nothing here throws: a run goes on without it, and then its end waits for space as everything does. */
export class DiskReserve {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** All of it, also where a part was released. Holds nothing where there is no space any more. */
  async take(): Promise<void> {
    await this.release();
    try {
      this.#file = await open(this.#path, 'wx', 0o600);
      await this.#file.writeFile(Buffer.alloc(LAST_WORDS_BYTES + LAST_RECORDS_BYTES));
    } catch {
      await this.release();
    }
  }

  /** The agent is gone: what it said last has to be written. */
  async releaseForOutput(): Promise<void> {
    await this.#file?.truncate(LAST_RECORDS_BYTES).catch(() => undefined);
  }

  /** The last record is next. */
  async release(): Promise<void> {
    await this.#file?.close().catch(() => undefined); // what could not be written in time is not needed any more
    this.#file = undefined;
    await rm(this.#path, { force: true }).catch(() => undefined);
  }
}
