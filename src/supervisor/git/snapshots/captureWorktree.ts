import { isMadeWithFilters } from '../filters/filterAccess';
import { readDrivers } from '../filters/filterDrivers';
import { keepFiles, type KeptFile } from '../filters/keptFiles';
import { readKeptFilesCommit } from './keptFilesCommit';
import { withObjects, type IsolatedGit } from '../isolated/isolatedGit';
import type { Repository } from '../repository';
import type { SnapshotCommit } from './snapshotRef';
import { pathToText } from '../pathBytes';
import type { SessionWorktree } from '../sessionWorktree';
import { captureTree, type CapturedTree } from './captureTree';

export interface CapturedWorktree extends Omit<CapturedTree, 'filtered'> {
  filtered: KeptFile[];
  /** Whether a filter of this name counts in the worktree. */
  isFilter: (name: string) => boolean;
}

/** As `captureTree`, and keeps the bytes of the files that filters would change. */
export async function captureWorktree(git: IsolatedGit, worktree: SessionWorktree): Promise<CapturedWorktree> {
  const { path, sessionId, filters } = worktree;
  const isFilter = await filtersOf(worktree);
  const { filtered, ...captured } = await captureTree(git, path, isFilter);
  if (filters === undefined)
    return {
      ...captured,
      isFilter,
      notCaptured: [...captured.notCaptured, ...filtered.map((file) => pathToText(file.path))],
      filtered: [],
    };
  return { ...captured, isFilter, filtered: await keepFiles(filters, sessionId, path, filtered) };
}

/**
 * Whether a filter of this name counts. The worktree of an older version was made with the user's own filters alone, so
 * that its other files are already as git has them.
 */
export async function filtersOf({
  repository,
  filters,
  sessionId,
  signal,
}: SessionWorktree): Promise<(name: string) => boolean> {
  if (filters === undefined || (await isMadeWithFilters(filters, sessionId))) return () => true;
  const drivers = await readDrivers(repository.git, repository.mainWorktree, signal);
  return (name) => drivers.get(name)?.isUsers === true;
}

/** The files that the snapshot keeps outside of git. */
export async function readKeptFiles(repository: Repository, { filtered }: SnapshotCommit): Promise<KeptFile[]> {
  return filtered === undefined
    ? []
    : await withObjects(repository, async (git) => await readKeptFilesCommit(git, filtered));
}
