import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory } from '../../storage/journal/durableFile';
import { isId } from '../../storage/ids';
import type { StorePaths } from '../../storage/paths';
import { publishOnce } from '../system/publishedFile';
import { readdirIfExists } from '../../common/readdirIfExists';

/** A run that was started, or is just being started. */
export interface Slot {
  runId: string;
  sessionId: string;
}

/**
 * Which runs were started, as files that every window sees at once: so counting them costs as much as there are, however many sessions the store
 * holds and however late a window hears of what another one does. Used only under the queue's lock.
 */
export class RunSlots {
  readonly #folder: string;

  constructor(paths: StorePaths) {
    this.#folder = paths.slots;
  }

  async list(): Promise<Slot[]> {
    const names = await readdirIfExists(this.#folder);
    const slots: Slot[] = [];
    for (const runId of names.filter(isId)) {
      const sessionId = await readFile(join(this.#folder, runId), 'utf8');
      if (isId(sessionId)) slots.push({ runId, sessionId });
      else await this.free(runId); // what a power loss leaves, and no run outlives that
    }
    return slots;
  }

  /** Before anything of the run is started, so that a window that is killed in the middle leaves a trace of it. */
  async take({ runId, sessionId }: Slot): Promise<void> {
    await makeDirectory(this.#folder);
    await publishOnce(join(this.#folder, runId), sessionId);
  }

  async free(runId: string): Promise<void> {
    await rm(join(this.#folder, runId), { force: true });
  }
}
