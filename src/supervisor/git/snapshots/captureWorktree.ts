import { isMadeWithFilters } from '../filters/filterAccess';
import { readDrivers } from '../filters/filterDrivers';
import { keepFiles, type KeptFile } from '../filters/keptFiles';
import { sortUnchanged } from '../filters/unchangedFiles';
import { listEntries } from '../isolated/entryTree';
import { readKeptFilesCommit } from './keptFilesCommit';
import { withObjects, type IsolatedGit } from '../isolated/isolatedGit';
import type { Repository } from '../repository';
import type { SnapshotCommit } from './snapshotRef';
import { pathToText } from '../pathBytes';
import type { SessionWorktree } from '../sessionWorktree';
import { captureTree, type CapturedTree } from './captureTree';

export interface CapturedWorktree extends Omit<CapturedTree, 'filtered'> {
  filtered: KeptFile[];
  /** Paths with a filter that are not in the snapshot byte for byte: they are kept, or a checkout makes them again. */
  madeByFilters: ReadonlySet<string>;
}

/**
 * As `captureTree`, and keeps the bytes of the files that filters would change. With `isComplete`, also those of files
 * that git takes for unchanged, where a checkout may make others.
 */
export async function captureWorktree(
  git: IsolatedGit,
  worktree: SessionWorktree,
  { isComplete }: { isComplete: boolean },
): Promise<CapturedWorktree> {
  const { path, sessionId, filters } = worktree;
  const isFilter = await filtersOf(worktree);
  const { filtered: changed, ...captured } = await captureTree(git, path, isFilter);
  const changedPaths = new Set(changed.map((file) => file.path));
  const { asMade, others } = isComplete
    ? await sortUnchanged(
        git,
        worktree,
        (await listEntries(git)).filter((entry) => !changedPaths.has(entry.path)),
        isFilter,
      )
    : { asMade: new Set<string>(), others: [] };
  const filtered = [...changed, ...others];
  const madeByFilters = new Set([...asMade, ...filtered.map((file) => file.path)]);
  if (filters === undefined)
    return {
      ...captured,
      madeByFilters,
      notCaptured: [...captured.notCaptured, ...filtered.map((file) => pathToText(file.path))],
      filtered: [],
    };
  return { ...captured, madeByFilters, filtered: await keepFiles(filters, sessionId, path, filtered) };
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
