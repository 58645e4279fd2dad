import { lstat } from 'node:fs/promises';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import { findIgnoredFiles } from '../snapshots/ignoredFiles';
import { captureTree, withIndexCopy } from '../snapshots/indexCopy';
import { findOperations } from '../snapshots/uncapturedWork';
import { pathFromBytes, pathToText, splitZ } from '../pathBytes';
import { readSnapshot, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { captureAll, checkOutBranch, locateWorktree, type SessionWorktree } from './trash';
import { takeSnapshot } from '../snapshots/snapshots';
import { headCommit } from '../repository';

/**
 * Puts the worktree's files, HEAD and index back to a moment of its own (a snapshot or the base), after a snapshot of now that holds everything that
 * git can hold. No process of the session may be running. A branch stays where it is: HEAD leaves it where it has moved on. Ignored files stay.
 * CONFLICT, with nothing changed, where git is in the middle of something or a file that no snapshot holds is in the way. Answers with the
 * snapshot of before, to which it can be put back again.
 */
export async function restoreSnapshot(request: SessionWorktree, commit: string): Promise<{ before: string }> {
  const { repository, worktreePath, sessionId, signal } = request;
  const located = await locateWorktree(request);
  if (located.place !== 'worktree')
    throw new CorralError('WORKTREE_MISSING', 'The worktree of this session is not in its place. Restore it first.');
  const [operation] = await findOperations(located.administrativeDirectory);
  if (operation !== undefined)
    throw new CorralError('CONFLICT', `There is ${operation} in this worktree. Finish or abort it first.`);
  const wanted = await readSnapshot(repository, commit);
  const before = await takeSnapshot(
    { repository, worktreePath, sessionId, message: `Before it was put back to ${commit.slice(0, 10)}`, signal },
    captureAll(request, worktreePath, new Set()),
  );
  await writeFiles(request, before.tree, wanted);
  if (wanted.raw !== undefined) await restoreRawFiles(repository, worktreePath, wanted.raw, signal);
  await moveHead(request, wanted);
  await repository.git.run(
    worktreePath,
    ['read-tree', '--reset', '--no-recurse-submodules', wanted.index ?? wanted.head ?? wanted.tree],
    { signal },
  );
  await takeSnapshot({ repository, worktreePath, sessionId, message: `Put back to ${commit.slice(0, 10)}`, signal });
  return { before: before.commit };
}

/** From one tree to the other. Git itself refuses, before it touches any, where a file is not as in the first one. */
async function writeFiles(request: SessionWorktree, from: string, { tree: to }: SnapshotCommit): Promise<void> {
  const { repository, worktreePath, signal } = request;
  const { git } = repository;
  await withIndexCopy(git, worktreePath, async (indexFile) => {
    const { tree } = await captureTree(git, worktreePath, indexFile, signal);
    if (tree !== from)
      throw new CorralError(
        'CONFLICT',
        'Files of this worktree are being changed. Try again when nothing works in it any more.',
      );
    await refuseToOverwriteIgnored(request, from, to);
    const options = { environment: { GIT_INDEX_FILE: indexFile }, signal };
    // What is as in the index but looks newer would be taken for changed.
    await git.run(worktreePath, ['update-index', '-q', '--refresh'], { ...options, acceptedExitCodes: [0, 1] });
    try {
      await git.run(worktreePath, ['read-tree', '-m', '-u', '--no-recurse-submodules', from, to], options);
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
async function refuseToOverwriteIgnored(
  { repository, worktreePath, signal }: SessionWorktree,
  from: string,
  to: string,
): Promise<void> {
  const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=A', from, to];
  const added = splitZ((await repository.git.run(repository.mainWorktree, listing, { signal })).stdout);
  if (added.length === 0) return;
  const { work, replaceable } = await findIgnoredFiles(repository, worktreePath, signal);
  const ignored = new Set([...work, ...replaceable].map((path) => path.replace(/\/$/, '')));
  for (const path of added) {
    const hasIgnoredBelow = [...ignored].some((each) => each.startsWith(`${path}/`));
    if (hasIgnoredBelow || (await isTakenByIgnored(worktreePath, path, ignored)))
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

async function moveHead(request: SessionWorktree, { head, branch, commit }: SnapshotCommit): Promise<void> {
  const { repository, worktreePath } = request;
  const { git } = repository;
  if (head === undefined || head === (await headCommit(git, worktreePath))) return;
  await git.run(worktreePath, [
    'update-ref',
    '--no-deref',
    '-m',
    `corral: put back to ${commit.slice(0, 10)}`,
    'HEAD',
    head,
  ]);
  await checkOutBranch(request, branch ?? '');
}
