import { CorralError } from '../../../storage/errors';
import { captureTree, withIndexCopy } from '../snapshots/indexCopy';
import { pathToText, splitZ } from '../pathBytes';
import { readSnapshotRef } from '../snapshots/snapshotRef';
import { locateWorktree, type SessionWorktree } from '../worktrees/trash';
import { headCommit } from '../repository';

/** One file that differs between a session's base and its worktree. Paths are relative, with `/`. */
export interface FileChange {
  kind: 'added' | 'modified' | 'deleted';
  path: string;
  /** Where it was renamed from. */
  previousPath?: string;
}

/** A session's work as git objects. */
export interface SessionWork {
  tree: string;
  /** The commit that the worktree's HEAD is at; undefined where it has none. */
  head: string | undefined;
  /** False where the worktree is gone and this is its last snapshot. */
  isInPlace: boolean;
}

/** The session's work as it is now: tracked and untracked files, uncommitted ones too. Touches nothing of the user's. Throws WORKTREE_MISSING where nothing was ever there. */
export async function captureWork(request: SessionWorktree): Promise<SessionWork> {
  const { repository, worktreePath, sessionId } = request;
  const { git } = repository;
  if ((await locateWorktree(request)).place !== 'worktree') {
    const lastSnapshot = await readSnapshotRef(repository, sessionId);
    if (lastSnapshot === undefined)
      throw new CorralError('WORKTREE_MISSING', 'This session has neither a worktree nor a snapshot.');
    return { tree: lastSnapshot.tree, head: lastSnapshot.head, isInPlace: false };
  }
  const head = await headCommit(git, worktreePath);
  const { tree } = await withIndexCopy(git, worktreePath, async (indexFile) =>
    captureTree(git, worktreePath, indexFile, undefined),
  );
  return { tree, head: head === '' ? undefined : head, isInPlace: true };
}

/** All files in which two commits or trees differ, renames found. */
export async function listChanges(
  { repository }: SessionWorktree,
  before: string,
  after: string,
): Promise<FileChange[]> {
  const { stdout } = await repository.git.run(repository.mainWorktree, [
    'diff-tree',
    '-r',
    '-z',
    '--name-status',
    '--find-renames',
    before,
    after,
  ]);
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
