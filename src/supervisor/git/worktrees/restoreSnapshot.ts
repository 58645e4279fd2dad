import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { captureTree } from '../snapshots/captureTree';
import { findOperations } from '../snapshots/uncapturedWork';
import { changeFiles } from './changeFiles';
import { readAttributes, restoreAttributes } from '../snapshots/fileAttributes';
import { readSnapshot, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import type { SessionWorktree } from '../sessionWorktree';
import { takeCompleteSnapshot } from '../snapshots/completeSnapshot';
import { locateWorktree } from '../worktreeOwnership';
import { checkOutBranch } from './checkedOutBranch';
import { takeSnapshot } from '../snapshots/snapshots';
import { headCommit } from '../repository';

/**
 * Restores the worktree's files, HEAD and index from a snapshot (or the base), after a complete snapshot of now, with
 * whose commit it answers. Branches and ignored files stay as they are; no process of the session may be running.
 *
 * @throws WORKTREE_MISSING where the worktree is not in its place.
 * @throws CONFLICT, with nothing changed, where git is in the middle of something.
 * @throws CONFLICT, with nothing changed, where a file that no snapshot holds is in the way.
 */
export async function restoreSnapshot(worktree: SessionWorktree, commit: string): Promise<{ before: string }> {
  const { repository, path, signal } = worktree;
  const located = await locateWorktree(worktree);
  if (located.place !== 'worktree')
    throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session is missing. Restore it first.'));
  const [operation] = await findOperations(located.administrativeDirectory);
  if (operation !== undefined)
    throw new CorralError(
      'CONFLICT',
      l10n.t('There is {operation} in this worktree. Finish or abort it first.', { operation }),
    );
  const wanted = await readSnapshot(repository, commit);
  const before = await takeCompleteSnapshot(worktree, `Before it was put back to ${commit.slice(0, 10)}`);
  await writeFiles(worktree, before.tree, wanted);
  await moveHead(worktree, wanted);
  await repository.git.run(
    path,
    ['read-tree', '--reset', '--no-recurse-submodules', wanted.index ?? wanted.head ?? wanted.tree],
    { signal },
  );
  await takeSnapshot(worktree, `Put back to ${commit.slice(0, 10)}`);
  return { before: before.commit };
}

/** Changes the files to those of `wanted`. Throws CONFLICT where any file is not as in tree `from`. */
async function writeFiles(worktree: SessionWorktree, from: string, wanted: SnapshotCommit): Promise<void> {
  const { path } = worktree;
  const { tree: to, raw, attributes } = wanted;
  await withIsolatedGit(worktree, async (git) => {
    const { tree } = await captureTree(git, path);
    if (tree !== from)
      throw new CorralError(
        'CONFLICT',
        l10n.t('Files of this worktree are being changed. Try again when no program works in it.'),
      );
    const others = attributes === undefined ? [] : (await readAttributes(git, attributes)).others;
    await changeFiles(git, path, { from, to, others });
    if (raw !== undefined) await restoreRawFiles(git, path, raw);
    if (attributes !== undefined) await restoreAttributes(git, worktree, to, attributes);
  });
}

async function moveHead(worktree: SessionWorktree, { head, branch, commit }: SnapshotCommit): Promise<void> {
  const { repository, path } = worktree;
  const { git } = repository;
  if (head === undefined || head === (await headCommit(git, path))) return;
  await git.run(path, ['update-ref', '--no-deref', '-m', `corral: put back to ${commit.slice(0, 10)}`, 'HEAD', head]);
  await checkOutBranch(worktree, branch ?? '');
}
