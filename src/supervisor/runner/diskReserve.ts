/** Space on the disk for a run's end, so that the agent's last output and its exit are recorded on a full disk too. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** Output that nobody has read yet, as raw bytes and as events: two full pipes, and a chunk of each on its way. */
const FINAL_OUTPUT_BYTES = 1024 * 1024;
/** Records that follow the output: who asked for the end, which processes are left, `run.exited`. */
const FINAL_RECORDS_BYTES = 64 * 1024;

/** Never throws: without the reserve a run goes on, and its end waits for space as everything does. */
export class DiskReserve {
  readonly #path: string;
  #file: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Takes the whole reserve, also where a part was released. Holds nothing where there is no space for it. */
  async take(): Promise<void> {
    await this.release();
    try {
      this.#file = await open(this.#path, 'wx', 0o600);
      await this.#file.writeFile(Buffer.alloc(FINAL_OUTPUT_BYTES + FINAL_RECORDS_BYTES));
    } catch {
      await this.release();
    }
  }

  /** Call it when the agent is gone, so that its last output can be written. */
  async releaseForOutput(): Promise<void> {
    await this.#file?.truncate(FINAL_RECORDS_BYTES).catch(() => undefined);
  }

  /** Call it before the run's last record. */
  async release(): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    await rm(this.#path, { force: true }).catch(() => undefined);
  }
}
