import { CorralError } from '../../../storage/errors';
import { captureTree, withIndexCopy } from './indexCopy';
import { moveSnapshotRef, readSnapshotRefAndHead, writeCommit, type SnapshotCommit } from './snapshotRef';
import type { Repository } from '../repository';

const MAX_ATTEMPTS = 5;

export interface SnapshotRequest {
  repository: Repository;
  worktreePath: string;
  sessionId: string;
  /** What led to it, for people who read the log. */
  message: string;
  signal?: AbortSignal | undefined;
}

export interface Snapshot {
  commit: string;
  tree: string;
  /** False where the files and HEAD are as in the snapshot before: then that one is returned. */
  changed: boolean;
  /** Paths that git could not take: nested repositories, files that cannot be read. */
  notCaptured: string[];
}

/** What a removal adds to a snapshot, made from the snapshot's own index while it is there. */
export interface SnapshotAddition {
  index?: string | undefined;
  raw?: string | undefined;
  /** Commits that nothing else holds. */
  rescued: readonly string[];
}

export type MakeAddition = (
  indexFile: string,
  before: SnapshotCommit | undefined,
  head: string | undefined,
) => Promise<SnapshotAddition>;

/**
 * Records the worktree's files (tracked and untracked, not ignored) as a commit on the session's ref. Touches nothing of the user's:
 * not the index, HEAD, stash, hooks or files.
 */
export async function takeSnapshot(request: SnapshotRequest, makeAddition?: MakeAddition): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptSnapshot(request, makeAddition);
    } catch (error) {
      // The runner and a window may snapshot at the same moment: the second one goes on from the first one's commit.
      if (!(error instanceof CorralError && error.code === 'CONFLICT') || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function attemptSnapshot(request: SnapshotRequest, makeAddition: MakeAddition | undefined): Promise<Snapshot> {
  const { repository, worktreePath, sessionId, signal } = request;
  const { git } = repository;
  return withIndexCopy(git, worktreePath, async (indexFile) => {
    const [{ tree, notCaptured }, { lastSnapshot: before, head = '' }, branch] = await Promise.all([
      captureTree(git, worktreePath, indexFile, signal),
      readSnapshotRefAndHead(repository, worktreePath, sessionId),
      git.text(worktreePath, ['symbolic-ref', '--quiet', 'HEAD'], { acceptedExitCodes: [0, 1] }),
    ]);
    const addition = await makeAddition?.(indexFile, before, head === '' ? undefined : head);
    const isSame = before !== undefined && before.tree === tree && (before.head ?? '') === head;
    const addsNothing =
      addition === undefined ||
      (addition.raw === before?.raw && addition.index === before?.index && addition.rescued.length === 0);
    if (isSame && addsNothing) return { commit: before.commit, tree, changed: false, notCaptured };
    const movedHead = head !== '' && head !== before?.head ? [head] : [];
    const parents = [before?.commit, ...movedHead, addition?.index, addition?.raw, ...(addition?.rescued ?? [])].filter(
      (parent) => parent !== undefined,
    );
    const commit = await writeCommit(repository, {
      tree,
      parents: [...new Set(parents)],
      message: request.message,
      head: head === '' ? undefined : head,
      branch: branch === '' ? undefined : branch,
      index: addition?.index,
      raw: addition?.raw,
    });
    await moveSnapshotRef(repository, sessionId, commit, before?.commit);
    return { commit, tree, changed: true, notCaptured };
  });
}
