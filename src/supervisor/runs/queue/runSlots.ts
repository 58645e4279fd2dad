import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../common/ifExists';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { isId } from '../../../storage/ids';
import { makeDirectory } from '../../../storage/journal/durableFile';
import type { StorePaths } from '../../../storage/paths';
import { publishOnce, readPublished, removePublished } from '../../../storage/journal/publishedFile';

/** Held by a run from before its start until its end is known. */
export interface Slot {
  runId: string;
  sessionId: string;
}

/**
 * One file for each started run, which every window sees at once, so that counting them reads no session.
 * Use it only under the queue's lock.
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
      const sessionId = await readPublished(join(this.#folder, runId));
      if (isId(sessionId)) slots.push({ runId, sessionId });
      else await this.free(runId); // left by a power loss, which no run survives
    }
    return slots;
  }

  /** Call it before anything of the run is started, so that a window that is killed meanwhile leaves a trace of it. */
  async take({ runId, sessionId }: Slot): Promise<void> {
    await makeDirectory(this.#folder);
    await publishOnce(join(this.#folder, runId), sessionId);
  }

  /** Also without the lock: true once the run was allowed to start. */
  async has(runId: string): Promise<boolean> {
    return (await ifExists(lstat(join(this.#folder, runId)))) !== undefined;
  }

  async free(runId: string): Promise<void> {
    await removePublished(join(this.#folder, runId));
  }
}
