/** A session's worktree as a whole, which is on this computer or on the session's host. */
import type { TrashedWorktree } from '../../git/worktrees/trash';
import type { WorktreeSummary } from '../../git/worktrees/worktreeSummary';

/** What emptying the trash has left. */
export interface EmptiedTrash {
  /** What stays, in words. */
  kept: string[];
  /** True where the folder stays in the trash as it was, since no snapshot can hold all of it. */
  isInTrash: boolean;
}

/**
 * Whoever changes it holds its lock, and can repeat each change after a crash. Of one on a host, each method throws
 * HOST_UNREACHABLE where the connection is lost; nobody knows then how far it came.
 */
export interface WorktreeKeeper {
  /**
   * @throws REPOSITORY_MISSING where the session's repository here is not found, or is another one; WORKTREE_NOT_OURS
   */
  requireRepository(): Promise<void>;
  /** As `moveToTrash`; undefined where the worktree was removed by hand. */
  remove(): Promise<TrashedWorktree | undefined>;
  /** As `restoreWorktree`. */
  restore(): Promise<void>;
  emptyTrash(): Promise<EmptiedTrash>;
  isInPlace(): Promise<boolean>;
  /** What it holds; undefined where it is not in its place. */
  summarize(): Promise<WorktreeSummary | undefined>;
  /** `changed` is false where the files are as in the last snapshot, whose commit this is. Throws WORKTREE_MISSING. */
  takeSnapshot(): Promise<{ commit: string; changed: boolean }>;
  /**
   * Resets its files to the base or to a snapshot of the session, and answers with a snapshot of them as they were.
   * Throws as `restoreSnapshot`, and INVALID_ARGUMENT where `commit` is neither.
   */
  putBack(commit: string): Promise<{ before: string }>;
}
