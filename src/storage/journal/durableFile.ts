/** Files that are there whole or not at all, also after a power loss. */
import { mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newId } from '../ids';

/** What the name of an unfinished file ends in; whoever owns the folder may remove what a crash left of these. */
export const TEMPORARY_SUFFIX = '.tmp';

/** Small enough that a journal's sync beside it does not wait for long. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Makes names in the folder durable. Windows has no such call: its file systems journal names by themselves. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** A path beside `path` for content that is not complete yet. */
export function temporaryPath(path: string): string {
  return `${path}.${newId()}${TEMPORARY_SUFFIX}`;
}

/** Writes a new private file of these parts and syncs it, in pieces where it is large. Leaves nothing behind where it fails. */
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
      await file.sync(); // most files are one piece, which is synced once
    } finally {
      await file.close();
    }
  } catch (error) {
    await unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Puts a file of these parts under `path` in one step: the old file or the new one, never a part. */
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

/** Makes a private folder, and those above it; their names survive a power loss. */
export async function makeDirectory(path: string): Promise<void> {
  const firstMade = await mkdir(path, { recursive: true, mode: 0o700 });
  if (firstMade === undefined) return;
  const last = dirname(firstMade);
  for (let folder = dirname(path); folder.length > last.length; folder = dirname(folder)) await syncDirectory(folder);
  await syncDirectory(last);
}
