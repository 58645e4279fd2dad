import { lstat, realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { hasCode } from './errors';

/**
 * The absolute `path` with every link in it resolved, as far as it exists.
 * Undefined where that cannot be told, such as below a link that leads nowhere yet.
 */
export async function realAncestor(path: string): Promise<string | undefined> {
  for (let ancestor = path; ; ancestor = dirname(ancestor)) {
    const real = await realpath(ancestor).catch(() => undefined);
    if (real !== undefined) return join(real, relative(ancestor, path));
    const isMissing = await lstat(ancestor).then(
      () => false,
      (error: unknown) => hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR'),
    );
    if (!isMissing || dirname(ancestor) === ancestor) return undefined;
  }
}
