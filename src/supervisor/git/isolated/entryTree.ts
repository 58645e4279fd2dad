import { encodePath, splitZ } from '../pathBytes';
import type { IsolatedGit } from './isolatedGit';

/** The mode of a submodule's entry. */
export const SUBMODULE_MODE = '160000';

/** A file, a link or a submodule of a tree or of an index. */
export interface TreeEntry {
  /** Six digits: `100644` and `100755` for files, `120000` for a link, `160000` for a submodule. */
  mode: string;
  objectId: string;
  /** As bytes (see `pathBytes`). */
  path: string;
}

/** All entries of the index. A path in conflict comes once for each side. */
export async function listEntries(git: IsolatedGit): Promise<TreeEntry[]> {
  return splitZ((await git.run(['ls-files', '-z', '--stage'])).stdout).map((line) => {
    const [mode = '', objectId = ''] = line.split(' ', 2);
    return { mode, objectId, path: line.slice(line.indexOf('\t') + 1) };
  });
}

/** The entries of a tree and of all trees below it. */
export async function listTreeEntries(git: IsolatedGit, tree: string): Promise<TreeEntry[]> {
  return splitZ((await git.run(['ls-tree', '-r', '-z', '--full-tree', tree])).stdout).map((line) => {
    const [mode = '', , objectId = ''] = line.slice(0, line.indexOf('\t')).split(' ');
    return { mode, objectId, path: line.slice(line.indexOf('\t') + 1) };
  });
}

/** Writes a tree of exactly these files. Not by `mktree`, which leaves its object unsynced (measured, Git 2.39). */
export async function writeEntryTree(git: IsolatedGit, entries: readonly TreeEntry[]): Promise<string> {
  const options = { index: 'entries' };
  const lines = entries.map(({ mode, objectId, path }) => `${mode} ${objectId} 0\t${path}\0`);
  await git.run(['read-tree', '--empty'], options);
  await git.run(['update-index', '-z', '--index-info'], { ...options, input: encodePath(lines.join('')) });
  return await git.text(['write-tree'], options);
}
