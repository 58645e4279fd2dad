import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { captureRawFiles } from './rawFiles';
import { writeCommit } from './snapshotRef';
import { takeSnapshot, type Snapshot } from './snapshots';
import { findUnreferencedCommits } from './uncapturedWork';
import type { SessionWorktree } from '../sessionWorktree';

/**
 * Takes a snapshot that also holds the files' own bytes, the user's index, and every commit that only this worktree
 * knows. `notCaptured` says in words what it lacks all the same.
 */
export async function takeCompleteSnapshot(worktree: SessionWorktree, message: string): Promise<Snapshot> {
  let unreadable: string[] = [];
  const snapshot = await takeSnapshot(worktree, message, async (git, before, head) => {
    const raw = await captureRawFiles(git, worktree.path);
    unreadable = raw.notCaptured;
    const held = [before?.commit, head].filter((commit) => commit !== undefined);
    return {
      raw: raw.commit,
      index: await captureIndex(worktree, head),
      rescued: await findUnreferencedCommits(worktree, held),
    };
  });
  const notCaptured = [
    ...unreadable.map((path) => `${path}: cannot be read`),
    ...snapshot.notCaptured.map((path) => `${path}: cannot be stored by git`),
  ];
  return { ...snapshot, notCaptured };
}

/** The user's index as a commit; undefined where it is as HEAD is, or has conflicts, which no tree can hold. */
async function captureIndex(worktree: SessionWorktree, head: string | undefined): Promise<string | undefined> {
  const capture = async (git: IsolatedGit): Promise<string | undefined> => {
    const { stdout, exitCode } = await git.run(['write-tree', '--missing-ok'], { acceptedExitCodes: [0, 128] });
    if (exitCode !== 0) return undefined;
    const tree = stdout.toString('utf8').trim();
    if (head !== undefined && tree === (await git.text(['rev-parse', `${head}^{tree}`]))) return undefined;
    return await writeCommit(git, { tree, parents: [], message: 'Index', isDated: false });
  };
  return await withIsolatedGit(worktree, capture, { isDurable: true });
}
