import { findReplaceableFolders } from '../snapshots/replaceableFolders';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { pathToText } from '../pathBytes';
import { headCommit, LASTING_REFS, readRefs } from '../repository';
import { listUncommittedFiles } from '../snapshots/uncommittedFiles';
import type { WorktreeFolder } from '../sessionWorktree';

/** What a worktree holds beside its base, for a person who thinks of deleting it. */
export interface WorktreeSummary {
  /** Tracked files that differ from the worktree's own last commit. */
  changedFiles: number;
  untrackedFiles: number;
  /** Commits since the base that no branch, tag or remote has. */
  commits: number;
  /** Ignored folders that tools fill again. Undo restores all but these. */
  replaceable: string[];
}

/** Counts what is in the worktree, and commits since `baseCommit` where that is known. Changes nothing. */
export async function summarizeWorktree(
  folder: WorktreeFolder,
  baseCommit: string | undefined,
): Promise<WorktreeSummary> {
  const { repository, path } = folder;
  const head = await headCommit(repository.git, path);
  const held = await readRefs(repository.git, path, ...LASTING_REFS);
  const { changed, untracked, commits, replaceable } = await withIsolatedGit(folder, async (git) => {
    const commits =
      head === '' ? 0 : await countCommits(git, head, baseCommit === undefined ? held : [...held, baseCommit]);
    const replaceable = await findReplaceableFolders(git, folder);
    return { ...(await listUncommittedFiles(git, path, head)), commits, replaceable };
  });
  return {
    changedFiles: changed.length,
    untrackedFiles: untracked.length,
    commits,
    replaceable: replaceable.map((each) => `${pathToText(each)}/`),
  };
}

async function countCommits(git: IsolatedGit, head: string, held: readonly string[]): Promise<number> {
  const input = [head, ...held.map((id) => `^${id}`), ''].join('\n');
  return Number(await git.text(['rev-list', '--count', '--ignore-missing', '--stdin'], { input }));
}
