import { withObjects, type IsolatedGit } from '../isolated/isolatedGit';
import { pathToText, splitZ } from '../pathBytes';
import type { Repository } from '../repository';
import type { FileChange } from './changes';

/** Of all files together, before and after: what is read of them is in memory. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;
const MAX_FILES = 500;

/** A unified diff between two commits or trees, of those of the changed files that are small enough together. */
export async function readPatch(
  repository: Repository,
  {
    before,
    after,
    changes,
    signal,
  }: { before: string; after: string; changes: readonly FileChange[]; signal: AbortSignal },
): Promise<{ patch: string; isCut: boolean }> {
  return await withObjects(
    repository,
    async (git) => {
      const sizes = await sizesOf(git, before, after);
      const paths: string[] = [];
      let room = MAX_FILE_BYTES;
      let isCut = changes.length > MAX_FILES;
      for (const { path, previousPath } of changes.slice(0, MAX_FILES)) {
        const both = previousPath === undefined ? [path] : [previousPath, path];
        const bytes = both.reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0);
        if (bytes > room) isCut = true;
        else {
          room -= bytes;
          paths.push(...both);
        }
      }
      if (paths.length === 0) return { patch: '', isCut };
      const showing = [
        'diff-tree',
        '-r',
        '-p',
        '--find-renames',
        '--submodule=short',
        '--no-ext-diff',
        '--no-textconv',
      ];
      const environment = { GIT_LITERAL_PATHSPECS: '1' };
      return { patch: await git.text([...showing, before, after, '--', ...paths], { environment }), isCut };
    },
    { signal },
  );
}

/** The bytes of each changed path, before and after together. */
async function sizesOf(git: IsolatedGit, before: string, after: string): Promise<ReadonlyMap<string, number>> {
  const { stdout } = await git.run(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-abbrev', before, after]);
  const fields = splitZ(stdout);
  const blobs: { path: string; id: string }[] = [];
  for (let index = 0; index + 1 < fields.length; index += 2) {
    const [, , from = '', to = ''] = (fields[index] ?? '').split(' ');
    const path = pathToText(fields[index + 1] ?? '');
    for (const id of [from, to]) if (!/^0*$/.test(id)) blobs.push({ path, id });
  }
  const asking = ['cat-file', '--batch-check=%(objectsize)'];
  const lines = (await git.text(asking, { input: blobs.map(({ id }) => `${id}\n`).join('') })).split('\n');
  const sizes = new Map<string, number>();
  // Of a submodule's commit there is no size here.
  for (const [index, { path }] of blobs.entries())
    sizes.set(path, (sizes.get(path) ?? 0) + (Number(lines[index]) || 0));
  return sizes;
}
