import { isAbsolute, relative, sep } from 'node:path';
import { isInside } from '../../../common/isInside';

/** A path inside one of `roots` relative to that root and with forward slashes; any other path unchanged. */
export function displayPath(path: string, roots: readonly string[]): string {
  for (const root of roots) {
    if (isAbsolute(path) && path !== root && isInside(path, root)) return relative(root, path).split(sep).join('/');
  }
  return path;
}
