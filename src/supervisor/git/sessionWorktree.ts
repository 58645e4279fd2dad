import path, { basename, join, type PlatformPath } from 'node:path';
import type { FilterAccess } from './filters/filterAccess';
import type { Repository } from './repository';

/** A folder with files of the repository: the main worktree or any other. */
export interface WorktreeFolder {
  repository: Repository;
  /** Absolute. */
  path: string;
  signal?: AbortSignal | undefined;
}

/** Whose worktree it is. Git keeps it as the reason of the worktree's lock, and shows it there. */
export interface WorktreeOwnership {
  storeId: string;
  sessionId: string;
}

/**
 * A session's worktree, made once for an operation and handed to all that the operation calls. `path` is where it
 * belongs (`<root>/worktrees/<name>`, see `worktreeName`), also while it is in the trash or gone.
 */
export interface SessionWorktree extends WorktreeFolder, WorktreeOwnership {
  /** Where absent, no filter runs, and a file that one would change cannot be captured. */
  filters?: FilterAccess;
  /** Makes git's entry of the worktree, where others look at all entries meanwhile. Where absent, nobody does. */
  inTurn?: (make: () => Promise<void>) => Promise<void>;
}

/** What tells where git's entry of a worktree is. */
export interface WorktreeEntryPlace {
  repository: Pick<Repository, 'commonDirectory'>;
  path: string;
}

/**
 * Where a worktree is kept that was deleted: beside the folder of the worktrees, so that moving it is one rename.
 * `rules` are those of the system on which it is.
 */
export function trashPathFor(worktreePath: string, rules: Pick<PlatformPath, 'join' | 'dirname'> = path): string {
  return rules.join(rules.dirname(rules.dirname(worktreePath)), 'trash', path.basename(worktreePath));
}

/** Where git keeps what it knows of the worktree: its HEAD, index, reflog and lock. Git names it like the folder. */
export function administrativeDirectoryOf({ repository, path }: WorktreeEntryPlace): string {
  return join(repository.commonDirectory, 'worktrees', basename(path));
}
