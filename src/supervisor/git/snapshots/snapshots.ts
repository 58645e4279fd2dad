import { CorralError } from '../../../storage/errors';
import { captureTree, withIndexCopy } from './indexCopy';
import { moveSnapshotRef, readSnapshotRefAndHead, writeCommit, type SnapshotCommit } from './snapshotRef';
import type { SessionWorktree } from '../sessionWorktree';

const MAX_ATTEMPTS = 5;

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
 * Records the files at the worktree's path (tracked and untracked, not ignored) as a commit on the session's ref, and
 * touches nothing else. `message` says what led to it, for people who read the log.
 */
export async function takeSnapshot(
  worktree: SessionWorktree,
  message: string,
  makeAddition?: MakeAddition,
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptSnapshot(worktree, message, makeAddition);
    } catch (error) {
      // The runner and a window may snapshot at the same moment: the second one goes on from the first one's commit.
      if (!(error instanceof CorralError && error.code === 'CONFLICT') || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

async function attemptSnapshot(
  worktree: SessionWorktree,
  message: string,
  makeAddition: MakeAddition | undefined,
): Promise<Snapshot> {
  const { repository, path, sessionId } = worktree;
  return withIndexCopy(worktree, async (indexFile) => {
    const [{ tree, notCaptured }, { lastSnapshot: before, head = '' }, branch] = await Promise.all([
      captureTree(worktree, indexFile),
      readSnapshotRefAndHead(worktree),
      repository.git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], { acceptedExitCodes: [0, 1] }),
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
      message,
      head: head === '' ? undefined : head,
      branch: branch === '' ? undefined : branch,
      index: addition?.index,
      raw: addition?.raw,
    });
    await moveSnapshotRef(repository, sessionId, commit, before?.commit);
    return { commit, tree, changed: true, notCaptured };
  });
}
