import { isAbsolute, relative } from 'node:path';

/** True where `path` is `folder` or lies in it; nothing lies in ''. Compares names only: links are not followed. */
export function isInside(path: string, folder: string): boolean {
  if (folder === '') return false;
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way.split(/[\\/]/, 1)[0] !== '..');
}
