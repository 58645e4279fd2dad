/** Finds a repository that was moved or renamed on the disk, by what Corral left in it. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { isThere } from '../../common/disks/pathState';
import { isInside } from '../../common/isInside';
import { commonDirectoryOf, gitDirectoryOf } from './gitDirectory';
import { trashPathFor, type WorktreeOwnership } from './sessionWorktree';
import { isOwnedBy, linkWorktree } from './worktreeOwnership';

/** Of a folder with very many entries, no more are looked at. */
const MAX_SIBLINGS = 1_000;

/** True where there is a folder with a git directory, or one that is a git directory. */
export async function isRepositoryThere(folder: string): Promise<boolean> {
  return (await gitDirectoryOf(folder).catch(() => undefined)) !== undefined || (await isThere(join(folder, 'HEAD')));
}

/**
 * Folders at which the missing repository may be now: its path with another name for the first part that is missing.
 */
export async function candidatesFor(missing: string): Promise<string[]> {
  let [parent, gone] = [dirname(missing), missing];
  while (!(await isThere(parent)) && dirname(parent) !== parent) [parent, gone] = [dirname(parent), parent];
  const names = (await readdir(parent).catch(() => [])).slice(0, MAX_SIBLINGS);
  return names.map((name) => join(parent, name, relative(gone, missing))).filter((path) => path !== missing);
}

/** True where git has the worktree of this session, whose folder had this name, in the repository at `folder`. */
export async function holdsWorktreeOf(folder: string, ownership: WorktreeOwnership, name: string): Promise<boolean> {
  const gitDirectory = await gitDirectoryOf(folder).catch(() => undefined);
  if (gitDirectory === undefined) return false;
  const directory = join(await commonDirectoryOf(gitDirectory), 'worktrees', name);
  return await isOwnedBy(directory, ownership);
}

/** A path that was in the repository's folder or below its parent's `<name>.corral`, after that moved. */
export function movedPath(path: string, from: string, to: string): string {
  if (isInside(path, from)) return join(to, relative(from, path));
  const beside = join(dirname(from), `${basename(from)}.corral`);
  return isInside(path, beside) ? join(dirname(to), `${basename(from)}.corral`, relative(beside, path)) : path;
}

/**
 * Makes a worktree and git's entry for it point to each other again, where it travelled or where it stayed. Answers
 * with its path; the first of `paths` where it is at none of them, nor in the trash of one.
 */
export async function relinkWorktree(
  commonDirectory: string,
  ownership: WorktreeOwnership,
  paths: readonly [string, ...string[]],
): Promise<string> {
  const name = basename(paths[0]);
  const directory = join(commonDirectory, 'worktrees', name);
  if (!(await isOwnedBy(directory, ownership))) return paths[0];
  for (const path of paths) {
    for (const place of [path, trashPathFor(path)]) {
      const link = await readFile(join(place, '.git'), 'utf8').catch(() => '');
      if (!link.startsWith('gitdir: ') || basename(link.trim()) !== name) continue;
      await linkWorktree(place, directory);
      return path;
    }
  }
  return paths[0];
}
