import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { readSnapshotRef, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { addWorktree } from './addWorktree';
import { checkOutBranch } from './checkedOutBranch';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeFolder } from '../sessionWorktree';
import { isOwnedBy, exists, linkWorktree, locateWorktree } from '../worktreeOwnership';

const PRIVATE_FOLDER_MODE = 0o700;
const REMOVE = { recursive: true, force: true, maxRetries: 5 } as const;

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
  const isRegistered = await isOwnedBy(administrativeDirectory, worktree);
  if (!isRegistered && (await exists(administrativeDirectory)))
    throw new CorralError(
      'WORKTREE_NOT_OURS',
      l10n.t('{path} is not of this session’s worktree.', { path: administrativeDirectory }),
    );

  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  // Filled elsewhere and then moved, so that an interruption never leaves half of the files in its place.
  const partialFolder = `${path}.partial`;
  const partialPath = join(partialFolder, sessionId); // git names the administrative directory like this folder
  await rm(partialFolder, REMOVE);
  await mkdir(partialPath, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  try {
    const partial = { ...worktree, path: partialPath };
    if (!isRegistered) await addWorktree(partial, lastSnapshot.head ?? lastSnapshot.commit);
    await linkWorktree(partialPath, administrativeDirectory);
    await writeFiles(partial, lastSnapshot);
    if (!(await exists(join(administrativeDirectory, 'index'))))
      await git.run(partialPath, ['read-tree', lastSnapshot.index ?? lastSnapshot.head ?? '--empty'], { signal });
    await rename(partialPath, path);
  } catch (error) {
    await rm(partialFolder, REMOVE);
    if (!isRegistered && (await isOwnedBy(administrativeDirectory, worktree)))
      await rm(administrativeDirectory, REMOVE);
    throw error;
  }
  await rm(partialFolder, REMOVE);
  await linkWorktree(path, administrativeDirectory);
  await checkOutBranch(worktree, lastSnapshot.branch ?? '');
}

async function writeFiles(folder: WorktreeFolder, { tree, raw }: SnapshotCommit): Promise<void> {
  await withIsolatedGit(folder, async (git) => {
    const options = { index: 'restored' };
    await git.run(['read-tree', tree], options);
    await git.run(['checkout-index', '--all', '--force', '--quiet'], options);
    if (raw !== undefined) await restoreRawFiles(git, folder.path, raw);
  });
}
