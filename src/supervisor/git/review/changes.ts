import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { withIsolatedGit, withObjects } from '../isolated/isolatedGit';
import { sourceIn, type FilteredSource } from '../filters/cleanWork';
import type { FilterAccess } from '../filters/filterAccess';
import { pathOfKept, type KeptFile } from '../filters/keptFiles';
import { filtersOf, readKeptFiles } from '../snapshots/captureWorktree';
import { captureTree } from '../snapshots/captureTree';
import { pathToText, splitZ } from '../pathBytes';
import { readSnapshotRef, type SnapshotCommit } from '../snapshots/snapshotRef';
import { headCommit, type Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';
import { locateWorktree } from '../worktreeOwnership';

/** One file that differs between a session's base and its worktree. Paths are relative, with `/`. */
export interface FileChange {
  kind: 'added' | 'modified' | 'deleted';
  path: string;
  /** Its path before a rename. */
  previousPath?: string;
  /** The filter of git's that an attribute names for it, where its own bytes on a side are outside of git. */
  filter?: string;
  /** Where those bytes are, on the side before and on the side after. Git has what the filter makes of them. */
  beforeFile?: string;
  afterFile?: string;
}

/** A session's work as git objects. */
export interface SessionWork {
  tree: string;
  /** The commit of the worktree's HEAD; undefined where it has none. */
  head: string | undefined;
  /** False where the worktree is gone, and this is its last snapshot. */
  isInPlace: boolean;
  /** Files that filters would change; the tree has them as they were checked out, or not at all. */
  filtered: FilteredSource[];
}

/**
 * The session's work as it is now: tracked and untracked files, uncommitted ones too. Touches nothing of the user's.
 *
 * @throws WORKTREE_MISSING where there is neither a worktree nor a snapshot.
 */
export async function readWork(worktree: SessionWorktree): Promise<SessionWork> {
  const { repository, path, sessionId } = worktree;
  if ((await locateWorktree(worktree)).place !== 'worktree') {
    const lastSnapshot = await readSnapshotRef(repository, sessionId);
    if (lastSnapshot === undefined)
      throw new CorralError('WORKTREE_MISSING', l10n.t('This session has neither a worktree nor a snapshot.'));
    const filtered = await keptSources(worktree, lastSnapshot);
    return { tree: lastSnapshot.tree, head: lastSnapshot.head, isInPlace: false, filtered };
  }
  const head = await headCommit(repository.git, path);
  const isFilter = await filtersOf(worktree);
  const { tree, filtered } = await withIsolatedGit(worktree, async (git) => captureTree(git, path, isFilter));
  return {
    tree,
    head: head === '' ? undefined : head,
    isInPlace: true,
    filtered: filtered.map((file) => sourceIn(path, file)),
  };
}

/** The files that a snapshot keeps outside of git since its tree lacks them. */
export async function keptSources(
  { repository, filters }: SessionWorktree,
  snapshot: SnapshotCommit,
): Promise<FilteredSource[]> {
  return filters === undefined ? [] : sourcesOf(filters, await readKeptFiles(repository, snapshot));
}

/** Where the bytes of kept files are, without those that git takes for unchanged. */
export function sourcesOf(filters: FilterAccess, kept: readonly KeptFile[]): FilteredSource[] {
  const changed = kept.filter(({ isUnchanged }) => isUnchanged !== true);
  return changed.map((file) => ({ ...file, source: pathOfKept(filters, file) }));
}

/** All files in which two commits or trees differ. Renames are detected. */
export async function listChanges(repository: Repository, before: string, after: string): Promise<FileChange[]> {
  const listing = ['diff-tree', '-r', '-z', '--name-status', '--find-renames', before, after];
  const { stdout } = await withObjects(repository, async (git) => git.run(listing));
  const fields = splitZ(stdout);
  const changes: FileChange[] = [];
  for (let index = 0; index + 1 < fields.length;) {
    const status = fields[index++]?.charAt(0) ?? '';
    const path = pathToText(fields[index++] ?? '');
    if (status === 'R') changes.push({ kind: 'modified', previousPath: path, path: pathToText(fields[index++] ?? '') });
    else changes.push({ kind: status === 'A' ? 'added' : status === 'D' ? 'deleted' : 'modified', path });
  }
  return changes;
}
