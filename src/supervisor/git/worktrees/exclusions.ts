import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { hasCode } from '../../../common/errors';
import type { Repository } from '../repository';

/** The last write to each file, so that this window adds one line at a time. */
const writes = new Map<string, Promise<void>>();

/**
 * Adds a path of all worktrees to `info/exclude`, which is part of no commit. The line stays for the next
 * session; a path that ends in `/` matches only a folder.
 */
export async function excludeFromRepository(repository: Repository, path: string): Promise<void> {
  // `?` matches any character, also one that has a meaning in a pattern or ends a line.
  const line = `/${path
    .split(sep)
    .join('/')
    .replace(/[[\]*\\\r\n]/g, '?')}`;
  const file = join(repository.commonDirectory, 'info', 'exclude');
  const before = writes.get(file) ?? Promise.resolve();
  const appending = before
    .catch(() => undefined)
    .then(async () => {
      const content = await readFile(file, 'utf8').catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return '';
        throw error;
      });
      if (content.split(/\r?\n/).includes(line)) return;
      await mkdir(dirname(file), { recursive: true });
      // A single append: at worst another window adds the same line again, which changes nothing.
      const handle = await open(file, 'a');
      await handle
        .writeFile(`${content === '' || content.endsWith('\n') ? '' : '\n'}${line}\n`)
        .finally(() => handle.close());
    });
  writes.set(file, appending);
  await appending.finally(() => {
    if (writes.get(file) === appending) writes.delete(file);
  });
}
