/** Opens regular files and nothing else. A named pipe in their place would block a thread until it has another end. */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

/** Opens a named pipe at once. `constants` lacks it on Windows, where no path names a pipe. */
export const NON_BLOCKING = (constants as { O_NONBLOCK?: number }).O_NONBLOCK ?? 0;

/**
 * As `open` with these flags, for reading where absent.
 * @throws the system's error, and where something else than a file is at `path`
 */
export async function openRegular(
  path: string | Buffer,
  flags: number = constants.O_RDONLY,
  mode?: number,
): Promise<FileHandle> {
  const file = await open(path, flags | NON_BLOCKING, mode);
  try {
    if (!(await file.stat()).isFile()) throw new Error(`${path.toString()} is no regular file`);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The text of a regular file. Throws as `openRegular`. */
export async function readRegular(path: string): Promise<string> {
  const file = await openRegular(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
