import { isAbsolute, relative, sep } from 'node:path';

/** `path` as people read it: with forward slashes from the working directory where it lies inside one of `roots`, otherwise as it is. */
export function shownPath(path: string, roots: readonly string[]): string {
  for (const root of roots) {
    const inside = relative(root, path);
    if (isAbsolute(path) && inside !== '' && inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside))
      return inside.split(sep).join('/');
  }
  return path;
}
