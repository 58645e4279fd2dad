import { findIgnoredFiles } from '../snapshots/ignoredFiles';
import { pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';

/** What a worktree holds beside its base, for a person who thinks of deleting it. */
export interface WorktreeSummary {
  /** Tracked files that differ from the worktree's own last commit. */
  changedFiles: number;
  untrackedFiles: number;
  /** Commits since the base that no branch, tag or remote has. */
  commits: number;
  /** Ignored folders and files that tools make again. Undo restores all but these. */
  replaceable: string[];
}

/** Counts what is in the worktree, and commits since `baseCommit` where that is known. Changes nothing. */
export async function summarizeWorktree(
  folder: WorktreeFolder,
  baseCommit: string | undefined,
): Promise<WorktreeSummary> {
  const { repository, path } = folder;
  const { git } = repository;
  // Untracked files one by one, and no rename detection, so that a line is a file.
  const status = splitZ(
    (await git.run(path, ['status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'])).stdout,
  );
  const untrackedFiles = status.filter((line) => line.startsWith('?? ')).length;
  const range = [
    'HEAD',
    '--not',
    ...(baseCommit === undefined ? [] : [baseCommit]),
    '--branches',
    '--tags',
    '--remotes',
  ];
  const counted = await git.text(path, ['rev-list', '--count', ...range], { acceptedExitCodes: [0, 128] }); // 128: HEAD has no commit
  const { replaceable } = await findIgnoredFiles(folder);
  return {
    changedFiles: status.length - untrackedFiles,
    untrackedFiles,
    commits: Number(counted),
    replaceable: replaceable.map(pathToText),
  };
}
