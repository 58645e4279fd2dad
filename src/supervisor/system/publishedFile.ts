import { link, rm, writeFile } from 'node:fs/promises';
import { temporaryPath } from '../../storage/journal/durableFile';
import { hasCode } from '../../common/errors';

/**
 * Makes `path` with all of this content at once; true for the one caller, over all processes, that made it.
 * It is not synced, since such files name live processes and none outlives a power loss.
 */
export async function publishOnce(path: string, content: string): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
    await link(temporary, path);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}
