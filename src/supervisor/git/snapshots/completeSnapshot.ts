import { listEntries } from '../isolated/entryTree';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { captureAttributes } from './fileAttributes';
import { listFiles, type FileList } from './fileList';
import { captureRawFiles } from './rawFiles';
import { writeCommit, type Snapshot } from './snapshotRef';
import { takeSnapshot, type MakeAddition } from './snapshots';
import { findUnreferencedCommits } from './uncapturedWork';
import { pathToText } from '../pathBytes';
import type { SessionWorktree } from '../sessionWorktree';
import { findRepositories } from './submodules';
import { sortContents } from './worktreeContents';

export interface CompleteSnapshot extends Snapshot {
  /** What was there before the snapshot read it. */
  list: FileList;
}

/**
 * Takes a snapshot that also holds the files' own bytes and attributes, the user's index, and every commit that only
 * this worktree knows. `notCaptured` says in words, which are recorded and not translated, what it lacks all the same.
 */
export async function takeCompleteSnapshot(worktree: SessionWorktree, message: string): Promise<CompleteSnapshot> {
  const list = await listFiles(worktree.path, worktree.signal);
  let notCaptured: string[] = [];
  const makeAddition: MakeAddition = async (git, { before, head, kept, madeByFilters }) => {
    const staged = await listEntries(git);
    const raw = await captureRawFiles(git, worktree.path, staged, madeByFilters);
    const repositories = await findRepositories(staged, worktree, list);
    const contents = await sortContents(git, worktree, list, { staged, repositories, kept });
    const attributes = await captureAttributes(git, worktree, contents);
    notCaptured = [
      ...list.unreadable.map((path) => `${pathToText(path)}: cannot be read`),
      ...raw.notCaptured.map((path) => `${path}: cannot be read`),
      ...contents.notCaptured,
      ...attributes.notCaptured,
    ];
    const index = await captureIndex(worktree, head);
    if (index === 'conflicts') notCaptured.push('conflicts that are not resolved');
    const held = [before?.commit, head].filter((commit) => commit !== undefined);
    return {
      raw: raw.commit,
      attributes: attributes.commit,
      index: index === 'conflicts' ? undefined : index,
      rescued: await findUnreferencedCommits(worktree, held),
    };
  };
  const snapshot = await takeSnapshot(worktree, message, { makeAddition });
  return {
    ...snapshot,
    list,
    notCaptured: [...notCaptured, ...snapshot.notCaptured.map((path) => `${path}: cannot be stored by git`)],
  };
}

/** The user's index as a commit; undefined where it is as HEAD is. No tree can hold conflicts: `conflicts`. */
async function captureIndex(worktree: SessionWorktree, head: string | undefined): Promise<string | undefined> {
  const capture = async (git: IsolatedGit): Promise<string | undefined> => {
    const { stdout, exitCode } = await git.run(['write-tree', '--missing-ok'], { acceptedExitCodes: [0, 128] });
    if (exitCode !== 0) return 'conflicts';
    const tree = stdout.toString('utf8').trim();
    if (head !== undefined && tree === (await git.text(['rev-parse', `${head}^{tree}`]))) return undefined;
    return await writeCommit(git, { tree, parents: [], message: 'Index', isDated: false });
  };
  return await withIsolatedGit(worktree, capture, { isDurable: true });
}
