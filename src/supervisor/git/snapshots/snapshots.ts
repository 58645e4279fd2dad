import { CorralError } from '../../../storage/errors';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { captureTree } from './captureTree';
import { moveSnapshotRef, readSnapshotRefAndHead, writeCommit, type SnapshotCommit } from './snapshotRef';
import type { SessionWorktree } from '../sessionWorktree';

const MAX_ATTEMPTS = 5;

export interface Snapshot {
  commit: string;
  tree: string;
  /** False where the files and HEAD are as in the snapshot before, whose ids these are then. */
  changed: boolean;
  /** Paths that git could not store: nested repositories, files that cannot be read. */
  notCaptured: string[];
}

/** What a complete snapshot adds, as commits. */
export interface SnapshotAddition {
  /** Its tree is the user's index. */
  index?: string | undefined;
  /** Its tree has the files' own bytes. */
  raw?: string | undefined;
  /** Commits that no other ref reaches. */
  rescued: readonly string[];
}

/** Called when the index of `git` is the snapshot's; `before` is the snapshot before. */
export type MakeAddition = (
  git: IsolatedGit,
  before: SnapshotCommit | undefined,
  head: string | undefined,
) => Promise<SnapshotAddition>;

/**
 * Records the files at the worktree's path (tracked and untracked, not ignored) as a commit on the session's ref, and
 * changes nothing else. `message` tells people who read the log what caused it.
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
      // The runner and a window may take a snapshot at the same time; the second one then follows the first.
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
  // More is added to a snapshot only before something is emptied.
  const isDurable = makeAddition !== undefined;
  const capture = async (git: IsolatedGit): Promise<Snapshot> => {
    const [{ tree, notCaptured }, { lastSnapshot: before, head = '' }, branch] = await Promise.all([
      captureTree(git, path),
      readSnapshotRefAndHead(worktree),
      repository.git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], { acceptedExitCodes: [0, 1] }),
    ]);
    const addition = await makeAddition?.(git, before, head === '' ? undefined : head);
    const isSame = before !== undefined && before.tree === tree && (before.head ?? '') === head;
    const addsNothing =
      addition === undefined ||
      (addition.raw === before?.raw && addition.index === before?.index && addition.rescued.length === 0);
    if (isSame && addsNothing) return { commit: before.commit, tree, changed: false, notCaptured };
    const movedHead = head !== '' && head !== before?.head ? [head] : [];
    const parents = [before?.commit, ...movedHead, addition?.index, addition?.raw, ...(addition?.rescued ?? [])].filter(
      (parent) => parent !== undefined,
    );
    const commit = await writeCommit(git, {
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
  };
  return await withIsolatedGit(worktree, capture, { isDurable });
}
