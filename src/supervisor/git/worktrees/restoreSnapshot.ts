import { rm } from 'node:fs/promises';
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
import { pathFromBytes, splitZ } from '../pathBytes';
import { filtersOf, readKeptFiles } from '../snapshots/captureWorktree';
import { listFilters } from '../filters/filteredPaths';
import { restoreFiltered } from './restoreFiltered';

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
  const changed = await writeFiles(worktree, await readSnapshot(repository, before.commit), wanted);
  await moveHead(worktree, wanted);
  await repository.git.run(
    path,
    ['read-tree', '--reset', '--no-recurse-submodules', wanted.index ?? wanted.head ?? wanted.tree],
    { signal },
  );
  await restoreFiltered(worktree, wanted, changed.made, changed.paths);
  const { tree, attributes } = wanted;
  if (attributes !== undefined)
    await withIsolatedGit(worktree, async (git) => await restoreAttributes(git, worktree, tree, attributes));
  await takeSnapshot(worktree, `Put back to ${commit.slice(0, 10)}`);
  return { before: before.commit };
}

/**
 * Changes the files to those of `wanted`, but for those that filters make: `made` are as they have to be, and of the
 * other `paths` some may need a filter. Throws CONFLICT where any file is not as in the snapshot `before`.
 */
async function writeFiles(
  worktree: SessionWorktree,
  before: SnapshotCommit,
  wanted: SnapshotCommit,
): Promise<{ made: ReadonlySet<string>; paths: string[] }> {
  const { path, repository } = worktree;
  const { tree: to, raw, attributes } = wanted;
  const isFilter = await filtersOf(worktree);
  return await withIsolatedGit(worktree, async (git) => {
    const { tree } = await captureTree(git, path, isFilter);
    if (tree !== before.tree)
      throw new CorralError(
        'CONFLICT',
        l10n.t('Files of this worktree are being changed. Try again when no program works in it.'),
      );
    const { others, absent } =
      attributes === undefined ? { others: [], absent: [] } : await readAttributes(git, attributes);
    const listing = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', tree, to];
    const differing = splitZ((await git.run(listing)).stdout);
    const changed = (await readKeptFiles(repository, before)).filter(({ isUnchanged }) => isUnchanged !== true);
    const kept = new Set(changed.map((file) => file.path));
    const filters = await listFilters(git, differing);
    const hasFilter = (each: string): boolean =>
      kept.has(each) || (filters.has(each) && isFilter(filters.get(each) ?? ''));
    // To git without filters these are changed. The snapshot before and the filters bring them back.
    const filtered = differing.filter(hasFilter);
    for (const each of filtered) await rm(pathFromBytes(path, each), { force: true });
    try {
      await changeFiles(git, path, { from: tree, to, others });
    } catch (error) {
      if (filtered.length > 0) await restoreFiltered(worktree, before, new Set(), filtered);
      throw error;
    }
    const present = new Set(splitZ((await git.run(['ls-tree', '-r', '-z', '--name-only', to])).stdout));
    for (const each of kept) if (!present.has(each)) await rm(pathFromBytes(path, each), { force: true });
    const made = await restoreRawFiles(git, path, raw);
    return { made: new Set([...made, ...absent]), paths: [...new Set([...kept, ...differing])] };
  });
}

async function moveHead(worktree: SessionWorktree, { head, branch, commit }: SnapshotCommit): Promise<void> {
  const { repository, path } = worktree;
  const { git } = repository;
  if (head === undefined || head === (await headCommit(git, path))) return;
  await git.run(path, ['update-ref', '--no-deref', '-m', `corral: put back to ${commit.slice(0, 10)}`, 'HEAD', head]);
  await checkOutBranch(worktree, branch ?? '');
}
