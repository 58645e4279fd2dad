import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { hasCode } from '../../../common/errors';
import type { Repository } from '../repository';

const excluding = new Map<string, Promise<void>>();

/**
 * Keeps a path below the root of every worktree out of `git status` by `info/exclude`, which no commit carries; one that ends in `/` only where it is a
 * folder. Stays when the session goes: the next one needs it too.
 */
export async function excludeFromRepository(repository: Repository, path: string): Promise<void> {
  // `?` matches any one character, also those that mean something in a pattern or end a line.
  const line = `/${path
    .split(sep)
    .join('/')
    .replace(/[[\]*\\\r\n]/g, '?')}`;
  const file = join(repository.commonDirectory, 'info', 'exclude');
  const before = excluding.get(file) ?? Promise.resolve();
  const appending = before
    .catch(() => undefined)
    .then(async () => {
      const content = await readFile(file, 'utf8').catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return '';
        throw error;
      });
      if (content.split(/\r?\n/).includes(line)) return;
      await mkdir(dirname(file), { recursive: true });
      // One appending write: another window can at worst add the same line again, which changes nothing.
      const handle = await open(file, 'a');
      await handle
        .writeFile(`${content === '' || content.endsWith('\n') ? '' : '\n'}${line}\n`)
        .finally(() => handle.close());
    });
  excluding.set(file, appending);
  await appending.finally(() => {
    if (excluding.get(file) === appending) excluding.delete(file);
  });
}
