import { CorralError } from '../../../storage/errors';
import { listEntries } from '../isolated/entryTree';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { storeBorrowedObjects } from '../isolated/borrowedObjects';
import { syncObjectFolders } from '../isolated/syncFolders';
import { captureWorktree } from './captureWorktree';
import { writeKeptFiles } from './keptFilesCommit';
import { SnapshotMemory, takeIncrementalSnapshot } from './incremental/incrementalSnapshot';
import { captureRawFiles } from './rawFiles';
import {
  moveSnapshotRef,
  readBranch,
  readSnapshotRefAndHead,
  writeCommit,
  type Snapshot,
  type SnapshotCommit,
} from './snapshotRef';
import type { SessionWorktree } from '../sessionWorktree';

const MAX_ATTEMPTS = 5;

/** What a snapshot adds to its tree, as commits. */
export interface SnapshotAddition {
  /** Its tree has the files' own bytes: of all files, or of those whose bytes the snapshot's tree may not have. */
  raw?: string | undefined;
  /** Its tree is the user's index. Only a complete snapshot has it, and what follows. */
  index?: string | undefined;
  /** Its tree records the files' attributes. */
  attributes?: string | undefined;
  /** Commits that no other ref reaches. */
  rescued?: readonly string[];
}

/** What is known of a snapshot before it is written. */
export interface SnapshotSoFar {
  /** The snapshot before. */
  before: SnapshotCommit | undefined;
  head: string | undefined;
  /** Paths of the files that are kept outside of git. */
  kept: ReadonlySet<string>;
  /** Paths that the files' own bytes leave out (see `CapturedWorktree`). */
  madeByFilters: ReadonlySet<string>;
}

/** Called when the index of `git` is the snapshot's. */
export type MakeAddition = (git: IsolatedGit, soFar: SnapshotSoFar) => Promise<SnapshotAddition>;

/**
 * Records the files at the worktree's path (tracked and untracked, not ignored) as a commit on the session's ref, and
 * changes nothing else. `message` says for the log what caused it; with the same `memory`, the next one is quicker.
 */
export async function takeSnapshot(
  worktree: SessionWorktree,
  message: string,
  { makeAddition, memory = new SnapshotMemory() }: { makeAddition?: MakeAddition; memory?: SnapshotMemory } = {},
): Promise<Snapshot> {
  for (let attempt = 1; ; attempt++) {
    try {
      const added = makeAddition === undefined ? await takeIncrementalSnapshot(worktree, message, memory) : undefined;
      return added ?? (await attemptSnapshot(worktree, message, makeAddition));
    } catch (error) {
      // The runner and a window may take a snapshot at the same time; the second one then follows the first.
      if (!(error instanceof CorralError && error.code === 'CONFLICT') || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** The bytes of the files that git's view may not have. */
async function addConverted(git: IsolatedGit, path: string, converted: readonly string[]): Promise<SnapshotAddition> {
  if (converted.length === 0) return {};
  const wanted = new Set(converted);
  const staged = (await listEntries(git)).filter((entry) => wanted.has(entry.path));
  return { raw: (await captureRawFiles(git, path, staged)).commit };
}

async function addsNothing(
  git: IsolatedGit,
  { raw, attributes, index, rescued = [] }: SnapshotAddition,
  before: SnapshotCommit,
  isComplete: boolean,
): Promise<boolean> {
  if (isComplete)
    return raw === before.raw && attributes === before.attributes && index === before.index && rescued.length === 0;
  if (raw === undefined || raw === before.raw) return true;
  // The snapshot before may be a complete one, which has these bytes and more.
  const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=AMT'];
  return before.raw !== undefined && (await git.text([...listing, before.raw, raw])) === '';
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
    const [captured, { lastSnapshot: before, head = '' }, branch] = await Promise.all([
      captureWorktree(git, worktree, { isComplete: isDurable }),
      readSnapshotRefAndHead(worktree),
      readBranch(worktree),
    ]);
    const { tree, notCaptured, madeByFilters } = captured;
    const found = { tree, notCaptured, filtered: captured.filtered };
    const filtered = await writeKeptFiles(git, captured.filtered);
    const kept = new Set(captured.filtered.map((file) => file.path));
    const addition: SnapshotAddition =
      (await makeAddition?.(git, { before, head: head === '' ? undefined : head, kept, madeByFilters })) ??
      (await addConverted(git, path, captured.converted));
    const isSame =
      before !== undefined && before.tree === tree && (before.head ?? '') === head && before.filtered === filtered;
    if (isSame && (await addsNothing(git, addition, before, isDurable)))
      return { ...found, commit: before.commit, changed: false };
    const movedHead = head !== '' && head !== before?.head ? [head] : [];
    const { index, raw, attributes, rescued = [] } = addition;
    const parents = [before?.commit, ...movedHead, index, raw, attributes, filtered, ...rescued].filter(
      (parent) => parent !== undefined,
    );
    const commit = await writeCommit(git, {
      tree,
      parents: [...new Set(parents)],
      message,
      head: head === '' ? undefined : head,
      branch,
      index,
      raw,
      attributes,
      filtered,
    });
    const { commonDirectory } = repository;
    await storeBorrowedObjects(git, commonDirectory, commit, before === undefined ? [] : [before.commit]);
    await moveSnapshotRef(repository, sessionId, commit, before?.commit);
    if (isDurable) await syncObjectFolders(commonDirectory);
    return { ...found, commit, changed: true };
  };
  return await withIsolatedGit(worktree, capture, { isDurable });
}
