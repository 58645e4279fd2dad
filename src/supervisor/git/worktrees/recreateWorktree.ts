import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { withTemporaryFolder } from '../snapshots/indexCopy';
import { readSnapshotRef, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { checkOutBranch } from './checkedOutBranch';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeFolder } from '../sessionWorktree';
import { isOwnedBy, exists, linkWorktree, locateWorktree, lockReason } from '../worktreeOwnership';

const PRIVATE_FOLDER_MODE = 0o700;
const REMOVE = { recursive: true, force: true, maxRetries: 5 } as const;

/**
 * Makes a vanished worktree again from the session's last snapshot: tracked and untracked files with their modes, links and bytes, HEAD, and the index.
 * Where git still knows the worktree its own entry is used again, with its reflog and index. CONFLICT where anything is at the place or in the trash,
 * WORKTREE_MISSING where the session has no snapshot.
 */
export async function recreateWorktree(worktree: SessionWorktree): Promise<void> {
  const { repository, path, sessionId, signal } = worktree;
  const { git, mainWorktree } = repository;
  if ((await locateWorktree(worktree)).place !== 'missing')
    throw new CorralError('CONFLICT', `The worktree of this session is still there, in ${path} or in the trash`);
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  if (lastSnapshot === undefined)
    throw new CorralError('WORKTREE_MISSING', 'This session has no snapshot to make its worktree from');
  const administrativeDirectory = administrativeDirectoryOf(worktree);
  const isKnown = await isOwnedBy(administrativeDirectory, worktree);
  if (!isKnown && (await exists(administrativeDirectory)))
    throw new CorralError('WORKTREE_NOT_OURS', `${administrativeDirectory} is not this session's worktree`);

  await mkdir(dirname(path), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  // Filled at another place: whatever stops it, no worktree is ever in its own with half of its files.
  const partialFolder = `${path}.partial`;
  const partialPath = join(partialFolder, sessionId); // git names its entry so
  await rm(partialFolder, REMOVE);
  await mkdir(partialPath, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  try {
    if (!isKnown)
      await git.run(
        mainWorktree,
        [
          'worktree',
          'add',
          '--quiet',
          '--no-checkout',
          '--detach',
          '--lock',
          '--reason',
          lockReason(worktree),
          '--',
          partialPath,
          lastSnapshot.head ?? lastSnapshot.commit,
        ],
        { signal },
      );
    await linkWorktree(partialPath, administrativeDirectory);
    await writeFiles({ ...worktree, path: partialPath }, lastSnapshot);
    if (!(await exists(join(administrativeDirectory, 'index'))))
      await git.run(partialPath, ['read-tree', lastSnapshot.index ?? lastSnapshot.head ?? '--empty'], { signal });
    await rename(partialPath, path);
  } catch (error) {
    await rm(partialFolder, REMOVE);
    if (!isKnown && (await isOwnedBy(administrativeDirectory, worktree))) await rm(administrativeDirectory, REMOVE);
    throw error;
  }
  await rm(partialFolder, REMOVE);
  await linkWorktree(path, administrativeDirectory);
  await checkOutBranch(worktree, lastSnapshot.branch ?? '');
}

async function writeFiles(folder: WorktreeFolder, { tree, raw }: SnapshotCommit): Promise<void> {
  const { repository, path, signal } = folder;
  await withTemporaryFolder(async (temporary) => {
    const options = { environment: { GIT_INDEX_FILE: join(temporary, 'index') }, signal };
    await repository.git.run(path, ['read-tree', tree], options);
    await repository.git.run(path, ['checkout-index', '--all', '--force', '--quiet'], options);
  });
  if (raw !== undefined) await restoreRawFiles(folder, raw);
}
