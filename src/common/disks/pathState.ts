import { stat } from 'node:fs/promises';

/** True where a link leads to something, or anything else is at the path, as far as that can be seen. */
export async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** True where a folder, or a link to one, is at the path. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}
