import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { withTemporaryFolder } from '../snapshots/indexCopy';
import { readSnapshotRef, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { checkOutBranch, locateWorktree, type SessionWorktree } from './trash';
import type { Repository } from '../repository';
import { isOwnedBy, exists, linkWorktree, lockReason } from '../worktreeOwnership';

const PRIVATE_FOLDER_MODE = 0o700;
const REMOVE = { recursive: true, force: true, maxRetries: 5 } as const;

/**
 * Makes a vanished worktree again from the session's last snapshot: tracked and untracked files with their modes, links and bytes, HEAD, and the index.
 * Where git still knows the worktree its own entry is used again, with its reflog and index. CONFLICT where anything is at the place or in the trash,
 * WORKTREE_MISSING where the session has no snapshot.
 */
export async function recreateWorktree(request: SessionWorktree): Promise<void> {
  const { repository, worktreePath, sessionId, signal } = request;
  const { git, mainWorktree, commonDirectory } = repository;
  if ((await locateWorktree(request)).place !== 'missing')
    throw new CorralError(
      'CONFLICT',
      `The worktree of this session is still there, in ${worktreePath} or in the trash`,
    );
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  if (lastSnapshot === undefined)
    throw new CorralError('WORKTREE_MISSING', 'This session has no snapshot to make its worktree from');
  const administrativeDirectory = join(commonDirectory, 'worktrees', sessionId);
  const isKnown = await isOwnedBy(administrativeDirectory, request);
  if (!isKnown && (await exists(administrativeDirectory)))
    throw new CorralError('WORKTREE_NOT_OURS', `${administrativeDirectory} does not bear this session's mark`);

  await mkdir(dirname(worktreePath), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  // Filled at another place: whatever stops it, no worktree is ever in its own with half of its files.
  const partialFolder = `${worktreePath}.partial`;
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
          lockReason(request),
          '--',
          partialPath,
          lastSnapshot.head ?? lastSnapshot.commit,
        ],
        { signal },
      );
    await linkWorktree(partialPath, administrativeDirectory);
    await writeFiles(repository, partialPath, lastSnapshot, signal);
    if (!(await exists(join(administrativeDirectory, 'index'))))
      await git.run(partialPath, ['read-tree', lastSnapshot.index ?? lastSnapshot.head ?? '--empty'], { signal });
    await rename(partialPath, worktreePath);
  } catch (error) {
    await rm(partialFolder, REMOVE);
    if (!isKnown && (await isOwnedBy(administrativeDirectory, request))) await rm(administrativeDirectory, REMOVE);
    throw error;
  }
  await rm(partialFolder, REMOVE);
  await linkWorktree(worktreePath, administrativeDirectory);
  await checkOutBranch(request, lastSnapshot.branch ?? '');
}

async function writeFiles(
  repository: Repository,
  worktreePath: string,
  lastSnapshot: SnapshotCommit,
  signal: AbortSignal | undefined,
): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const options = { environment: { GIT_INDEX_FILE: join(folder, 'index') }, signal };
    await repository.git.run(worktreePath, ['read-tree', lastSnapshot.tree], options);
    await repository.git.run(worktreePath, ['checkout-index', '--all', '--force', '--quiet'], { ...options });
  });
  if (lastSnapshot.raw !== undefined) await restoreRawFiles(repository, worktreePath, lastSnapshot.raw, signal);
}
