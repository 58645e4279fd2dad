import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { excludeFromRepository } from './exclusions';
import { pathFromBytes, pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { exists } from '../worktreeOwnership';

const INCLUDE_FILE = '.worktreeinclude';

/** What git ignores in the main worktree and a new worktree needs all the same, as patterns of `.gitignore`. */
export interface WantedFiles {
  /** Files to be copied. */
  include: readonly string[];
  /** Folders too big to be copied, of which the worktree gets a link. */
  link: readonly string[];
}

/** Brings what git ignores from the main worktree into a worktree; what is there already stays as it is. */
export async function copyIgnoredFiles(worktree: WorktreeFolder, { include, link }: WantedFiles): Promise<void> {
  await linkFolders(worktree, link);
  await copyIncludedFiles(worktree, include);
}

/**
 * Makes links to ignored folders of the main worktree, `node_modules` say. All sessions then share the one folder: what an agent writes there is there for all.
 * Corral itself goes through no link: the folder stays when the worktree goes. Answers with the paths of the links.
 */
export async function linkFolders(worktree: WorktreeFolder, patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const { path: worktreePath } = worktree;
  const { git, mainWorktree } = worktree.repository;
  const list = async (...exclusions: string[]): Promise<string[]> =>
    splitZ(
      (await git.run(mainWorktree, ['ls-files', '-z', '--others', '--ignored', '--directory', ...exclusions])).stdout,
    ).filter((path) => path.endsWith('/'));
  const [wanted, ignored] = await Promise.all([
    list(...patterns.map((pattern) => `--exclude=${pattern}`)),
    list('--exclude-standard'),
  ]);
  const linked: string[] = [];
  for (const folder of wanted.filter((path) => ignored.some((each) => path.startsWith(each)))) {
    const path = folder.slice(0, -1);
    if (!(await makeFolderFor(worktreePath, path))) continue;
    const isMade = await symlink(pathFromBytes(mainWorktree, path), pathFromBytes(worktreePath, path), 'junction').then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      },
    );
    if (isMade) linked.push(path);
  }
  await keepIgnored(worktree, linked);
  return linked;
}

/** A pattern such as `node_modules/` is one for folders only: by it alone, an agent's `git add --all` would take the link into a commit. */
async function keepIgnored(
  { repository, path: worktreePath }: WorktreeFolder,
  links: readonly string[],
): Promise<void> {
  if (links.length === 0) return;
  const listing = ['ls-files', '-z', '--others', '--exclude-standard'];
  const untracked = new Set(splitZ((await repository.git.run(worktreePath, listing)).stdout));
  for (const path of links) if (untracked.has(path)) await excludeFromRepository(repository, pathToText(path));
}

/**
 * Copies from the main worktree what git ignores there and a worktree needs all the same (`.env`, local settings): the files that a pattern of
 * `.worktreeinclude` or of `patterns` names, both in the words of `.gitignore`, which git itself reads. What is there already stays as it is.
 * Copy-on-write where the file system can. Answers with how many were copied.
 */
export async function copyIncludedFiles(
  { repository: { git, mainWorktree }, path: worktreePath }: WorktreeFolder,
  patterns: readonly string[],
): Promise<number> {
  const hasFile = await exists(join(mainWorktree, INCLUDE_FILE));
  if (!hasFile && patterns.length === 0) return 0;
  const list = async (...exclusions: string[]): Promise<string[]> =>
    splitZ((await git.run(mainWorktree, ['ls-files', '-z', '--others', '--ignored', ...exclusions])).stdout);
  const wanted = await list(
    ...(hasFile ? [`--exclude-from=${INCLUDE_FILE}`] : []),
    ...patterns.map((pattern) => `--exclude=${pattern}`),
  );
  if (wanted.length === 0) return 0;
  // Without what is untracked only: that is work, which comes along by "with my uncommitted changes".
  const ignored = new Set(await list('--exclude-standard'));
  let copied = 0;
  for (const path of wanted) {
    if (
      ignored.has(path) &&
      !path.endsWith('/') &&
      (await makeFolderFor(worktreePath, path)) &&
      (await copy(mainWorktree, worktreePath, path))
    )
      copied++;
  }
  return copied;
}

async function copy(from: string, to: string, path: string): Promise<boolean> {
  const [source, target] = [pathFromBytes(from, path), pathFromBytes(to, path)];
  try {
    const stats = await lstat(source);
    if (stats.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (stats.isFile()) await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    else return false;
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOENT')) return false; // there already, or gone meanwhile
    throw error;
  }
}

/** Makes the folders above a file. False where one of them is a link or a file in the worktree: nothing is written through it. */
async function makeFolderFor(worktreePath: string, path: string): Promise<boolean> {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const folder = pathFromBytes(worktreePath, parts.slice(0, depth).join('/'));
    await mkdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    if (!(await lstat(folder)).isDirectory()) return false;
  }
  return true;
}
