import type { GitResult } from '../git';
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
export async function listUncommittedFiles(git: IsolatedGit, head: string): Promise<UncommittedFiles> {
  const diff = ['diff-index', '-z', '--name-only', '--no-renames', '--ignore-submodules=dirty', head, '--'];
  const listChanged = async (): Promise<GitResult> => {
    if (head === '') return await git.run(['ls-files', '-z']);
    // Otherwise a file counts as changed that only looks newer. Unlike `git diff` both read no object.
    await git.run(['update-index', '-q', '--refresh'], { acceptedExitCodes: [0, 1] });
    return await git.run(diff);
  };
  const [changed, untracked] = await Promise.all([
    listChanged(),
    git.run(['ls-files', '-z', '--others', '--exclude-standard']),
  ]);
  return { changed: [...new Set(splitZ(changed.stdout))], untracked: splitZ(untracked.stdout) };
}
