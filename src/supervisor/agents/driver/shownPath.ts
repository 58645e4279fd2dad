import { isAbsolute, relative, sep } from 'node:path';
import { isInside } from '../../../common/isInside';

/** `path` as people read it: with forward slashes from the working directory where it lies inside one of `roots`, otherwise as it is. */
export function shownPath(path: string, roots: readonly string[]): string {
  for (const root of roots) {
    if (isAbsolute(path) && path !== root && isInside(path, root)) return relative(root, path).split(sep).join('/');
  }
  return path;
}
