/** Writes files that are complete or not there at all, also after a power loss. */
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { hasCode } from '../../common/errors';
import { newId } from '../ids';

/** Ends the name of an unfinished file. The owner of a folder may remove those that a crash left in it. */
export const TEMPORARY_SUFFIX = '.tmp';

/** Synced one by one, so that a journal's sync beside a large file does not wait for long. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** What a disk answers that cannot sync a folder by itself. An error of the disk is none of these. */
const NO_FOLDER_SYNC = ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Makes the names in the folder durable. On Windows and on some network disks there is no such call, and the file
 * system does it itself.
 */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } catch (error) {
    if (!NO_FOLDER_SYNC.some((code) => hasCode(error, code))) throw error;
  } finally {
    await directory.close();
  }
}

/** A new name beside `path` for content that is not complete yet. */
export function temporaryPath(path: string): string {
  return `${path}.${newId()}${TEMPORARY_SUFFIX}`;
}

/** Writes a new private file and syncs it, in pieces where it is large. A failure leaves nothing behind. */
export async function writeNewFile(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    try {
      let isUnsynced = false;
      for (const part of parts) {
        for (let start = 0; start < part.length; start += PIECE_BYTES) {
          if (isUnsynced) await file.datasync();
          await file.writeFile(part.subarray(start, start + PIECE_BYTES));
          isUnsynced = true;
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Replaces the file at `path` in one step, so that a reader finds the old file or the new one. */
export async function replaceFile(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const temporary = temporaryPath(path);
  await writeNewFile(temporary, ...parts);
  try {
    await rename(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes a private folder and those above it, durably. */
export async function makeDirectory(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  const last = dirname(firstMade);
  for (let folder = dirname(path); folder.length > last.length; folder = dirname(folder)) await syncDirectory(folder);
  await syncDirectory(last);
}
