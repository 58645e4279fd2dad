import { listAsCheckedOut, listFilters } from '../filters/filteredPaths';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { splitZ } from '../pathBytes';

/** Paths as bytes (see `pathBytes`). */
export interface UncommittedFiles {
  /** Tracked files that differ from the last commit. */
  changed: string[];
  /** Files that are neither tracked nor ignored, one by one. */
  untracked: string[];
}

/** What `git status` would tell, without looking into submodules. `head` is '' where nothing was committed yet. */
export async function listUncommittedFiles(
  git: IsolatedGit,
  worktreePath: string,
  head: string,
): Promise<UncommittedFiles> {
  const [changed, untracked] = await Promise.all([
    head === ''
      ? git.run(['ls-files', '-z']).then(({ stdout }) => splitZ(stdout))
      : listChanged(git, worktreePath, head),
    git.run(['ls-files', '-z', '--others', '--exclude-standard']).then(({ stdout }) => splitZ(stdout)),
  ]);
  return { changed: [...new Set(changed)], untracked };
}

/** Paths of tracked files that differ from the commit, or only look as if they did. Changes nothing. */
export async function listDirty(git: IsolatedGit, head: string, ...options: string[]): Promise<string[]> {
  const listing = ['diff-index', '-z', '--name-only', '--no-renames', '--ignore-submodules=dirty', ...options];
  return splitZ((await git.run([...listing, head, '--'])).stdout);
}

/** Paths of tracked files that differ from the commit. */
export async function listChanged(git: IsolatedGit, worktreePath: string, head: string): Promise<string[]> {
  const dirty = await listDirty(git, head);
  if (dirty.length === 0) return dirty;
  // Before the refresh, which may drop the times of these: without its filter, the bytes of each differ.
  const filtered = [...(await listFilters(git, dirty)).keys()];
  const same = await listAsCheckedOut(git, worktreePath, filtered);
  // Otherwise a file counts as changed that only looks newer. Unlike `git diff` both read no object.
  await git.run(['update-index', '-q', '--refresh'], { acceptedExitCodes: [0, 1] });
  const [changed, staged] = [await listDirty(git, head), same.size === 0 ? [] : await listDirty(git, head, '--cached')];
  return changed.filter((path) => !same.has(path) || staged.includes(path));
}
