/** What the inventory of worktrees lists. */
import type { SessionFacts } from '../../storage/sessionFacts';
import { canPurgeTrash } from '../../storage/sessionState';
import type { SessionWorktree, WorktreeFolder } from '../git/sessionWorktree';
import { findGeneratedFolders, measureFolder, type GeneratedFolder } from '../git/worktrees/generatedFolders';
import { findDiscarded } from '../git/worktrees/purgeTrash';
import { summarizeWorktree, type WorktreeSummary } from '../git/worktrees/worktreeSummary';

/** A folder that this store made. */
interface FolderEntry {
  sessionId: string;
  path: string;
  bytes: number;
  generated: GeneratedFolder[];
  /** `unknown` where it could not be counted, which means that there may be work. */
  summary: WorktreeSummary | 'unknown';
  /** What no snapshot holds, so that the folder stays in the trash. */
  notCaptured: readonly string[];
}

/** The worktree of a session. A leftover is what could not be removed with it; `notCaptured` has the reasons. */
export interface SessionWorktreeEntry extends FolderEntry {
  kind: 'worktree' | 'trash' | 'leftover';
}

/** A worktree of this store that belongs to no session. Once it is removed, `refs/corral/<keptAs>` holds its work. */
export interface StrayWorktreeEntry extends FolderEntry {
  kind: 'stray';
  worktree: SessionWorktree;
  keptAs: string;
}

/** One that a session left here as it went on elsewhere, on the host `worksOn`. */
export interface LeftWorktreeEntry extends Omit<StrayWorktreeEntry, 'kind'> {
  kind: 'left';
  worksOn: string;
}

/** A worktree in which no session works. */
export type UnusedWorktreeEntry = StrayWorktreeEntry | LeftWorktreeEntry;

export type WorktreeEntry = SessionWorktreeEntry | UnusedWorktreeEntry;

/** What is left of worktrees whose trash was emptied. Another window may be at work in others. */
export async function findLeftovers(facts: SessionFacts): Promise<SessionWorktreeEntry[]> {
  if (facts.worktreePath === '' || canPurgeTrash(facts)) return [];
  const entries: SessionWorktreeEntry[] = [];
  for (const path of await findDiscarded(facts.worktreePath))
    entries.push({
      kind: 'leftover',
      sessionId: facts.sessionId,
      path,
      bytes: (await measureFolder(path)).bytes,
      generated: [],
      summary: 'unknown',
      notCaptured: (facts.notCaptured ?? []).filter((reason) => reason.startsWith(path)),
    });
  return entries;
}

/** Measures the folder and counts what it holds. */
export async function describeFolder(
  folder: WorktreeFolder,
  baseCommit: string | undefined,
): Promise<Pick<FolderEntry, 'path' | 'bytes' | 'generated' | 'summary'>> {
  return {
    path: folder.path,
    summary: await summarizeWorktree(folder, baseCommit).catch(() => 'unknown' as const),
    generated: await findGeneratedFolders(folder).catch(() => []),
    bytes: (await measureFolder(folder.path)).bytes,
  };
}
