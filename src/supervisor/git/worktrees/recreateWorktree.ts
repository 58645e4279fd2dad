import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { readSnapshotRef, type SnapshotCommit } from '../snapshots/snapshotRef';
import { encodePaths } from '../pathBytes';
import { readAttributes, restoreAttributes } from '../snapshots/fileAttributes';
import { restoreSubmodules } from '../snapshots/submodules';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { linkKeys } from '../filters/checkOutFiltered';
import { addWorktree } from './addWorktree';
import { checkOutBranch, returnToBranch } from './checkedOutBranch';
import { restoreFiltered } from './restoreFiltered';
import { removeFolder } from './emptyFolder';
import { retireEntry, reviveEntry } from './retiredEntry';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeFolder } from '../sessionWorktree';
import { isOwnedBy, exists, linkWorktree, locateWorktree } from '../worktreeOwnership';

const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Makes a worktree again from the session's last snapshot: its files with their modes and bytes, HEAD and the index.
 * Where git still has an administrative directory for it, that is used again, with its reflog and index.
 *
 * @throws CONFLICT where the worktree is in its place or in the trash.
 * @throws WORKTREE_MISSING where the session has no snapshot.
 * @throws WORKTREE_NOT_OURS where git knows another worktree by this name.
 */
export async function recreateWorktree(worktree: SessionWorktree): Promise<void> {
  const { repository, path, sessionId, signal } = worktree;
  const { git } = repository;
  if ((await locateWorktree(worktree)).place !== 'missing')
    throw new CorralError(
      'CONFLICT',
      l10n.t('The worktree of this session is still there, in {path} or in the trash.', { path }),
    );
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  if (lastSnapshot === undefined)
    throw new CorralError(
      'WORKTREE_MISSING',
      l10n.t('This session has no snapshot from which its worktree could be made.'),
    );
  const administrativeDirectory = administrativeDirectoryOf(worktree);
  const isRevived = await reviveEntry(worktree);
  const isRegistered = await isOwnedBy(administrativeDirectory, worktree);
  if (!isRegistered && (await exists(administrativeDirectory)))
    throw new CorralError(
      'WORKTREE_NOT_OURS',
      l10n.t('{path} is not of this session’s worktree.', { path: administrativeDirectory }),
    );

  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  // Filled elsewhere and then moved, so that an interruption never leaves half of the files in its place.
  const partialFolder = `${path}.partial`;
  const partialPath = join(partialFolder, basename(path)); // git names the administrative directory like this folder
  await removeFolder(partialFolder);
  await mkdir(partialPath, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  try {
    const partial = { ...worktree, path: partialPath };
    if (!isRegistered) await addWorktree(partial, lastSnapshot.head ?? lastSnapshot.commit);
    await linkKeys(partial);
    await linkWorktree(partialPath, administrativeDirectory);
    const made = await writeFiles(partial, path, lastSnapshot);
    if (!(await exists(join(administrativeDirectory, 'index'))))
      await git.run(partialPath, ['read-tree', lastSnapshot.index ?? lastSnapshot.head ?? '--empty'], { signal });
    await restoreFiltered(partial, lastSnapshot, made);
    const { attributes, tree } = lastSnapshot;
    if (attributes !== undefined)
      await withIsolatedGit(partial, async (isolated) => await restoreAttributes(isolated, partial, tree, attributes));
    await rename(partialPath, path);
  } catch (error) {
    await removeFolder(partialFolder);
    if (isRevived) await retireEntry(worktree);
    if (!isRegistered && (await isOwnedBy(administrativeDirectory, worktree)))
      await removeFolder(administrativeDirectory);
    throw error;
  }
  await removeFolder(partialFolder);
  await linkWorktree(path, administrativeDirectory);
  await returnToBranch(worktree, administrativeDirectory);
  await checkOutBranch(worktree, lastSnapshot.branch ?? '');
}

/** Answers with the paths that are as they have to be. */
async function writeFiles(
  folder: WorktreeFolder,
  finalPath: string,
  { tree, raw, attributes }: SnapshotCommit,
): Promise<ReadonlySet<string>> {
  return await withIsolatedGit(folder, async (git) => {
    const options = { index: 'restored' };
    await git.run(['read-tree', tree], options);
    const { absent, submodules } =
      attributes === undefined ? { absent: [], submodules: [] } : await readAttributes(git, attributes);
    if (absent.length > 0)
      await git.run(['update-index', '-z', '--force-remove', '--stdin'], { ...options, input: encodePaths(absent) });
    await git.run(['checkout-index', '--all', '--force', '--quiet'], options);
    const made = await restoreRawFiles(git, folder.path, raw);
    await restoreSubmodules(folder, finalPath, submodules);
    return new Set([...made, ...absent]);
  });
}
