import { readdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { IsolatedGit } from './isolatedGit';
import { withTemporaryFolder } from './temporaryFolder';

/**
 * Copies what a commit has and `known` has not into the repository's own objects, where it lies only in those of
 * another folder: an agent may name one in `objects/info/alternates`, and remove it. Does nothing where none is named.
 */
export async function storeBorrowedObjects(
  git: IsolatedGit,
  commonDirectory: string,
  commit: string,
  known: readonly string[],
): Promise<void> {
  const objects = join(commonDirectory, 'objects');
  const alternates = await readFile(join(objects, 'info', 'alternates'), 'latin1').catch(() => '');
  if (alternates.trim() === '') return;
  const revisions = [commit, ...known.map((id) => `^${id}`), ''].join('\n');
  const listing = ['rev-list', '--objects', '--no-object-names', '--missing=allow-any', '--stdin'];
  const listed = await git.text(listing, { input: revisions });
  if (listed === '') return;
  const borrowed = await withTemporaryFolder(async (folder) => {
    // The same objects through another folder, in which no other is named.
    for (const name of (await readdir(objects)).filter((each) => /^([0-9a-f]{2}|pack)$/.test(each)))
      await symlink(join(objects, name), join(folder, name), 'junction');
    const checked = await git.text(['cat-file', '--batch-check'], {
      input: `${listed}\n`,
      environment: { GIT_OBJECT_DIRECTORY: folder },
    });
    return checked.split('\n').flatMap((line) => /^(\S+) missing$/.exec(line)?.[1] ?? []);
  });
  if (borrowed.length > 0)
    await git.run(['pack-objects', '--quiet', join(objects, 'pack', 'pack')], { input: `${borrowed.join('\n')}\n` });
}
