import { relative, sep } from 'node:path';
import { isInside } from '../../common/isInside';

/** How a file is named to an agent that works in the folder: with `/`, and absolute where it lies outside. */
export function pathWithin(path: string, folder: string): string {
  return (isInside(path, folder) ? relative(folder, path) : path).split(sep).join('/');
}
