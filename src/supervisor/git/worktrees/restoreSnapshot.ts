import { lstat } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import { findIgnoredFiles } from '../snapshots/ignoredFiles';
import { withIsolatedGit, withObjects } from '../isolated/isolatedGit';
import { captureTree } from '../snapshots/captureTree';
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

/** Changes the files from one tree to the other. Git refuses first where any file is not as in `from`. */
async function writeFiles(worktree: SessionWorktree, from: string, { tree: to, raw }: SnapshotCommit): Promise<void> {
  await withIsolatedGit(worktree, async (git) => {
    const { tree } = await captureTree(git, worktree.path);
    if (tree !== from)
      throw new CorralError(
        'CONFLICT',
        l10n.t('Files of this worktree are being changed. Try again when no program works in it.'),
      );
    await refuseToOverwriteIgnored(worktree, from, to);
    // Otherwise git takes a file for changed that only looks newer.
    await git.run(['update-index', '-q', '--refresh'], { acceptedExitCodes: [0, 1] });
    try {
      await git.run(['read-tree', '-m', '-u', '--no-recurse-submodules', from, to]);
    } catch (error) {
      if (!/not uptodate|would be (overwritten|removed)|would lose/.test(messageOf(error))) throw error;
      throw new CorralError(
        'CONFLICT',
        l10n.t('A file that no snapshot holds is in the way, so nothing was changed ({reason}).', {
          reason: messageOf(error),
        }),
        { cause: error },
      );
    }
    if (raw !== undefined) await restoreRawFiles(git, worktree.path, raw);
  });
}

/** Git overwrites ignored files, but here they may be work. Throws CONFLICT. */
async function refuseToOverwriteIgnored(worktree: SessionWorktree, from: string, to: string): Promise<void> {
  const { repository, signal } = worktree;
  const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=A', from, to];
  const diff = await withObjects(repository, async (objects) => objects.run(listing), { signal });
  const added = splitZ(diff.stdout);
  if (added.length === 0) return;
  const { work, replaceable } = await findIgnoredFiles(worktree);
  const ignored = new Set([...work, ...replaceable].map((path) => path.replace(/\/$/, '')));
  for (const path of added) {
    const hasIgnoredBelow = [...ignored].some((each) => each.startsWith(`${path}/`));
    if (hasIgnoredBelow || (await isTakenByIgnored(worktree.path, path, ignored)))
      throw new CorralError(
        'CONFLICT',
        l10n.t('{path} is in the way. Git ignores what is there now, so no snapshot holds it: move it away first.', {
          path: pathToText(path),
        }),
      );
  }
}

/** True where something ignored is at the path, or is a file where one of the path's folders has to be. */
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
