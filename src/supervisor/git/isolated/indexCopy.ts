import { copyFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { isWhole, sharedIndexOf } from './indexBytes';
import type { ObjectFormat } from './objectFormat';

/**
 * Copies the index of a git dir into the folder, with the shared index that it may be a part of.
 *
 * @returns false, with nothing copied, where it is missing or torn, or its shared index is missing
 */
export async function copyIndex(gitDirectory: string, folder: string, format: ObjectFormat): Promise<boolean> {
  const original = join(gitDirectory, 'index');
  const bytes = await readFile(original).catch(ignoreMissing);
  if (bytes === undefined || !isWhole(bytes, format)) return false;
  const shared = sharedIndexOf(bytes, format);
  if (shared !== undefined) {
    const name = `sharedindex.${shared}`;
    const isCopied = await copyFile(join(gitDirectory, name), join(folder, name)).then(() => true, ignoreMissing);
    if (isCopied === undefined) return false;
  }
  const { mtimeMs } = await stat(original);
  const copy = join(folder, 'index');
  await writeFile(copy, bytes, { mode: 0o600 });
  // Git compares the bytes of files that are not older than the index, so the copy must not be newer than it was.
  // Whole seconds, since many builds of git know no others.
  const seconds = mtimeMs > Date.now() ? 1 : Math.floor(mtimeMs / 1000);
  await utimes(copy, seconds, seconds);
  return true;
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT')) return undefined;
  throw error;
}
