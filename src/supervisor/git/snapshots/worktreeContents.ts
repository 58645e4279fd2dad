/** What of a worktree is in its snapshot, what may go without one, and what would be lost. */
import { readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import type { TreeEntry } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { addFoldersAbove, parentOf, pathFromBytes, pathToText } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import type { AttributedFiles } from './fileAttributes';
import type { FileKind, FileList, ListedFile } from './fileList';
import { keepCopies } from './includedCopies';
import type { RepositoriesBelow } from './submodules';
import { findIgnored, findReplaceableFolders } from './replaceableFolders';

const MAX_NAMED = 20;
const KIND_OF_MODE: Readonly<Record<string, FileKind>> = { '100644': 'file', '100755': 'file', '120000': 'link' };

export interface WorktreeContents extends AttributedFiles {
  /** What would be lost with the folder, in words for people. Recorded, so not translated. */
  notCaptured: string[];
}

/** What a snapshot has. */
export interface SnapshotContents {
  /** The index's entries. */
  staged: readonly TreeEntry[];
  /** Those below the worktree. */
  repositories: RepositoriesBelow;
  /** Paths of the files that are kept outside of git. */
  kept: ReadonlySet<string>;
}

/** Sorts what was listed, once the index of `git` is the snapshot's. */
export async function sortContents(
  git: IsolatedGit,
  folder: WorktreeFolder,
  { files }: FileList,
  { staged, repositories, kept }: SnapshotContents,
): Promise<WorktreeContents> {
  const modes = new Map(staged.map(({ path, mode }) => [path, mode]));
  const replaceable = await findReplaceableFolders(git, folder);
  const leftOut = new Set([...replaceable, ...repositories.others]);
  const gone = new Set(replaceable);
  const submodules = new Set(repositories.restorable.map(({ path }) => path));
  const held: ListedFile[] = [];
  const links: [path: string, target: string][] = [];
  const lost: ListedFile[] = [];
  for (const file of files) {
    const { path, kind } = file;
    const isInside = leftOut.has(parentOf(path));
    if (isInside && kind === 'folder') leftOut.add(path);
    if (isInside || gone.has(path) || path === '.git') continue;
    if (submodules.has(parentOf(path))) {
      if (kind === 'folder') submodules.add(path);
      if (basename(path) !== '.git') held.push(file);
    } else if (kind === 'folder' || KIND_OF_MODE[modes.get(path) ?? ''] === kind || kept.has(path)) held.push(file);
    else if (kind === 'link') {
      links.push([path, (await readlink(pathFromBytes(folder.path, path), 'buffer')).toString('latin1')]);
      held.push(file);
    } else lost.push(file);
  }
  const tree = new Map(staged.filter(({ mode }) => mode in KIND_OF_MODE).map(({ path, mode }) => [path, mode]));
  const included = new Set(await keepCopies(folder.path, lost));
  held.push(...included);
  const joined = joinFolders(
    lost.filter((file) => !included.has(file)),
    [...tree.keys()],
  );
  const others = [...joined.keys()];
  const ignored = await findIgnored(git, [...joined].flat());
  const pipes = new Set(lost.filter(({ kind }) => kind === 'other').map(({ path }) => path));
  const [byRules, unknown]: [string[], string[]] = [[], []];
  for (const [path, first] of joined)
    if (!pipes.has(path)) (ignored.has(path) || ignored.has(first) ? byRules : unknown).push(path);
  return {
    held,
    tree,
    links,
    included: [...included].map(({ path }) => path),
    submodules: repositories.restorable,
    others: [...others, ...[...included].map(({ path }) => path), ...replaceable.map((path) => `${path}/`)],
    notCaptured: [
      ...repositories.notCaptured,
      ...[...pipes].map((path) => `${pathToText(path)}: a pipe, a socket or a device`),
      ...describe(byRules, 'ignored by git', 'that git ignores'),
      ...describe(unknown, 'in no snapshot', 'in no snapshot'),
    ],
  };
}

function describe(paths: readonly string[], reason: string, reasonForMany: string): string[] {
  const named = paths.slice(0, MAX_NAMED).map((path) => `${pathToText(path)}: ${reason}`);
  const rest = paths.length - named.length;
  return rest === 0 ? named : [...named, `${rest} more files ${reasonForMany}`];
}

/**
 * Names a folder, with a slash at its end, for all that is in it where nothing of it is in the tree; with the first
 * file that is in it.
 */
function joinFolders(files: readonly ListedFile[], tree: readonly string[]): Map<string, string> {
  const holding = new Set(['']);
  for (const path of tree) addFoldersAbove(path, holding);
  const joined = new Map<string, string>();
  for (const { path } of files) {
    let top = path;
    while (!holding.has(parentOf(top))) top = parentOf(top);
    const name = top === path ? path : `${top}/`;
    if (!joined.has(name)) joined.set(name, path);
  }
  return joined;
}
