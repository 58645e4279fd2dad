import { lstat } from 'node:fs/promises';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import { findIgnoredFiles } from '../snapshots/ignoredFiles';
import { captureTree, withIndexCopy } from '../snapshots/indexCopy';
import { findOperations } from '../snapshots/uncapturedWork';
import { pathFromBytes, pathToText, splitZ } from '../pathBytes';
import { readSnapshot, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import type { SessionWorktree } from '../sessionWorktree';
import { takeCompleteSnapshot } from '../snapshots/completeSnapshot';
import { locateWorktree } from '../worktreeOwnership';
import { checkOutBranch } from './checkedOutBranch';
import { takeSnapshot } from '../snapshots/snapshots';
import { headCommit } from '../repository';

/**
 * Puts the worktree's files, HEAD and index back to a moment of its own (a snapshot or the base), after a snapshot of now that holds everything that
 * git can hold. No process of the session may be running. A branch stays where it is: HEAD leaves it where it has moved on. Ignored files stay.
 * CONFLICT, with nothing changed, where git is in the middle of something or a file that no snapshot holds is in the way. Answers with the
 * snapshot of before, to which it can be put back again.
 */
export async function restoreSnapshot(worktree: SessionWorktree, commit: string): Promise<{ before: string }> {
  const { repository, path, signal } = worktree;
  const located = await locateWorktree(worktree);
  if (located.place !== 'worktree')
    throw new CorralError('WORKTREE_MISSING', 'The worktree of this session is not in its place. Restore it first.');
  const [operation] = await findOperations(located.administrativeDirectory);
  if (operation !== undefined)
    throw new CorralError('CONFLICT', `There is ${operation} in this worktree. Finish or abort it first.`);
  const wanted = await readSnapshot(repository, commit);
  const before = await takeCompleteSnapshot(worktree, `Before it was put back to ${commit.slice(0, 10)}`);
  await writeFiles(worktree, before.tree, wanted);
  if (wanted.raw !== undefined) await restoreRawFiles(worktree, wanted.raw);
  await moveHead(worktree, wanted);
  await repository.git.run(
    path,
    ['read-tree', '--reset', '--no-recurse-submodules', wanted.index ?? wanted.head ?? wanted.tree],
    { signal },
  );
  await takeSnapshot(worktree, `Put back to ${commit.slice(0, 10)}`);
  return { before: before.commit };
}

/** From one tree to the other. Git itself refuses, before it touches any, where a file is not as in the first one. */
async function writeFiles(worktree: SessionWorktree, from: string, { tree: to }: SnapshotCommit): Promise<void> {
  const { path, signal } = worktree;
  const { git } = worktree.repository;
  await withIndexCopy(worktree, async (indexFile) => {
    const { tree } = await captureTree(worktree, indexFile);
    if (tree !== from)
      throw new CorralError(
        'CONFLICT',
        'Files of this worktree are being changed. Try again when nothing works in it any more.',
      );
    await refuseToOverwriteIgnored(worktree, from, to);
    const options = { environment: { GIT_INDEX_FILE: indexFile }, signal };
    // What is as in the index but looks newer would be taken for changed.
    await git.run(path, ['update-index', '-q', '--refresh'], { ...options, acceptedExitCodes: [0, 1] });
    try {
      await git.run(path, ['read-tree', '-m', '-u', '--no-recurse-submodules', from, to], options);
    } catch (error) {
      if (!/not uptodate|would be (overwritten|removed)|would lose/.test(messageOf(error))) throw error;
      throw new CorralError(
        'CONFLICT',
        `A file that no snapshot holds is in the way, so nothing was changed (${messageOf(error)}).`,
        { cause: error },
      );
    }
  });
}

/** To git an ignored file is one that may go; here it may be somebody's work. */
async function refuseToOverwriteIgnored(worktree: SessionWorktree, from: string, to: string): Promise<void> {
  const { repository, signal } = worktree;
  const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=A', from, to];
  const added = splitZ((await repository.git.run(repository.mainWorktree, listing, { signal })).stdout);
  if (added.length === 0) return;
  const { work, replaceable } = await findIgnoredFiles(worktree);
  const ignored = new Set([...work, ...replaceable].map((path) => path.replace(/\/$/, '')));
  for (const path of added) {
    const hasIgnoredBelow = [...ignored].some((each) => each.startsWith(`${path}/`));
    if (hasIgnoredBelow || (await isTakenByIgnored(worktree.path, path, ignored)))
      throw new CorralError(
        'CONFLICT',
        `${pathToText(path)} is in the way: git ignores what is there now, so no snapshot holds it. Move it away first.`,
      );
  }
}

/** True where something is at the path, or a file where one of its folders has to be, and it is or lies in what is ignored. */
async function isTakenByIgnored(worktreePath: string, path: string, ignored: ReadonlySet<string>): Promise<boolean> {
  const steps = path.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const first = steps.findIndex((step) => ignored.has(step));
  for (const step of first < 0 ? [] : steps.slice(first)) {
    const stats = await lstat(pathFromBytes(worktreePath, step)).catch(() => undefined);
    if (stats === undefined) return false;
    if (step === path || !stats.isDirectory()) return true;
  }
  return false;
}

async function moveHead(worktree: SessionWorktree, { head, branch, commit }: SnapshotCommit): Promise<void> {
  const { repository, path } = worktree;
  const { git } = repository;
  if (head === undefined || head === (await headCommit(git, path))) return;
  await git.run(path, ['update-ref', '--no-deref', '-m', `corral: put back to ${commit.slice(0, 10)}`, 'HEAD', head]);
  await checkOutBranch(worktree, branch ?? '');
}
