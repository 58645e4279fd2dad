import { isInside } from '../../../common/isInside';
import { mkdir, realpath, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { hasCode, messageOf } from '../../../common/errors';
import { excludeFromRepository } from './exclusions';
import { isObjectId, type Repository } from '../repository';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeOwnership } from '../sessionWorktree';
import { isOwnedBy, exists, inspectWorktree, lockReason, refuseLinks } from '../worktreeOwnership';
import { snapshotRefName, readSnapshotRef } from '../snapshots/snapshotRef';

const PRIVATE_FOLDER_MODE = 0o700;

/** `inside` the main worktree, `beside` it, or below a folder of the user's choice. */
export type WorktreeLocation = 'inside' | 'beside' | (string & {});

/** Where a new session's worktree will be: `<root>/worktrees/<sessionId>`. Touches no disk. */
export function planWorktree(
  repository: Repository,
  ownership: WorktreeOwnership,
  location: WorktreeLocation,
): SessionWorktree {
  const path = join(rootFor(repository.mainWorktree, location), 'worktrees', ownership.sessionId);
  return { ...ownership, repository, path };
}

function rootFor(mainWorktree: string, location: WorktreeLocation): string {
  if (location === 'inside') return join(mainWorktree, '.corral');
  if (location === 'beside') return join(dirname(mainWorktree), `${basename(mainWorktree)}.corral`);
  return resolve(mainWorktree, location);
}

/**
 * Makes a session's worktree, detached at `baseCommit` (an object id), locked in its name, with the session's ref at
 * the same commit. A failure or a cancel removes exactly what was made; the answer has the path without links.
 *
 * @throws CONFLICT where anything bears the session's id already.
 * @throws INVALID_ARGUMENT where worktrees cannot lie there.
 */
export async function createWorktree(worktree: SessionWorktree, baseCommit: string): Promise<SessionWorktree> {
  const { repository, sessionId, path, signal } = worktree;
  const { git, mainWorktree, commonDirectory } = repository;
  if (!isObjectId(baseCommit)) throw new CorralError('INVALID_ARGUMENT', `${baseCommit} is no object id`);
  const root = dirname(dirname(path));
  if (root === mainWorktree || isInside(root, commonDirectory))
    throw new CorralError('INVALID_ARGUMENT', `Worktrees cannot lie in ${root}`);
  await refuseLinks(path);
  if (isInside(root, mainWorktree)) await excludeFromRepository(repository, `${relative(mainWorktree, root)}/`);
  const administrativeDirectory = administrativeDirectoryOf(worktree);
  // Whatever bears the session's id after this point was made here: ids are random, and the folder is a claim.
  const [lastSnapshot, filters] = await Promise.all([
    readSnapshotRef(repository, sessionId),
    git.readFilters(mainWorktree, signal),
  ]);
  if (lastSnapshot !== undefined)
    throw new CorralError('CONFLICT', `There is a ref ${snapshotRefName(sessionId)} already`);
  if (await exists(administrativeDirectory))
    throw new CorralError('CONFLICT', `Git already knows a worktree named ${sessionId}`);

  const madeFolders = await claimFolder(path);
  try {
    // Without a checkout first: git would leave that to a child of its own, which a cancel does not reach.
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
        path,
        baseCommit,
      ],
      { signal, filters },
    );
    const pinning = git.run(
      mainWorktree,
      ['update-ref', snapshotRefName(sessionId), baseCommit, '0'.repeat(baseCommit.length)],
      { signal },
    );
    pinning.catch(() => undefined); // heard in the next line, once nothing goes on beside it any more
    // Another question than the one above: the repository's config may have an answer of its own for this worktree.
    const itsFilters = await git.readFilters(path, signal).finally(async () => await pinning);
    await git.run(path, ['reset', '--quiet', '--hard', '--no-recurse-submodules', baseCommit], {
      signal,
      filters: itsFilters,
    });
    return { ...worktree, path: await realpath(path) };
  } catch (error) {
    // Git may have been stopped before it wrote the mark; nobody else can have made an entry of this name since it was looked for.
    await removeTraces(worktree, true, madeFolders).catch((second: unknown) => {
      throw new CorralError(
        'WORKTREE_FAILED',
        `${messageOf(error)}; and what was made could not be removed: ${messageOf(second)}`,
        { cause: error },
      );
    });
    throw error;
  }
}

/**
 * Removes what is left of a creation that a crash cut off; nothing brings it back, so only for a session in which no
 * agent was ever started. Does nothing where nothing is left.
 *
 * @throws CONFLICT where the session has a snapshot, or somebody worked in its worktree.
 * @throws WORKTREE_NOT_OURS where the folder is somebody else's.
 */
export async function rollbackCreation(worktree: SessionWorktree, baseCommit: string): Promise<void> {
  const { repository, sessionId, path } = worktree;
  const found = await inspectWorktree(worktree);
  const isRegistered = await isOwnedBy(administrativeDirectoryOf(worktree), worktree);
  const isAtWork = found.state === 'ours' && !(await isAtStart(worktree, baseCommit));
  if (isAtWork || (await readSnapshotRef(repository, sessionId))?.isSnapshot === true)
    throw new CorralError('CONFLICT', 'This session has work: delete it instead');
  if (found.state === 'foreign') {
    // Cut off before git wrote the link: the folder is empty, and only then does rmdir take it.
    await rmdir(path).catch((error: unknown) => {
      throw new CorralError('WORKTREE_NOT_OURS', found.reason, { cause: error });
    });
  }
  if (found.state === 'ours' || isRegistered) await removeTraces(worktree, isRegistered, []);
}

/** True while HEAD is where the creation put it: detached at the base, or at the commit of another session's snapshot. */
async function isAtStart({ repository, path }: SessionWorktree, baseCommit: string): Promise<boolean> {
  const { git, mainWorktree } = repository;
  const accept = { acceptedExitCodes: [0, 1, 128] };
  const head = await git.text(path, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], accept);
  if (head === '') return true; // cut off before git wrote it
  if ((await git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], accept)) !== '') return false;
  return (
    head === baseCommit ||
    (await git.text(mainWorktree, ['for-each-ref', '--count=1', `--contains=${head}`, snapshotRefName('')])) !== ''
  );
}

/** Removes the folder, git's entry where it is ours, the session's ref, and the folders above where they are empty. */
async function removeTraces(
  worktree: SessionWorktree,
  isRegistered: boolean,
  madeFolders: readonly string[],
): Promise<void> {
  const { repository, sessionId, path } = worktree;
  const administrativeDirectory = administrativeDirectoryOf(worktree);
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  if (isRegistered) await rm(administrativeDirectory, { recursive: true, force: true, maxRetries: 5 });
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  if (lastSnapshot !== undefined)
    await repository.git.run(repository.mainWorktree, [
      'update-ref',
      '-d',
      snapshotRefName(sessionId),
      lastSnapshot.commit,
    ]);
  // Git makes and removes the folder of its entries with the first and the last of them.
  for (const folder of [dirname(administrativeDirectory), ...madeFolders]) {
    await rmdir(folder).catch((error: unknown) => {
      // Another session moved in meanwhile, or the other window was quicker.
      if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].some((code) => hasCode(error, code))) throw error;
    });
  }
}

/** Makes the worktree's folder and says which folders above it are new, the deepest first. Making the last one is the claim: it must not exist. */
async function claimFolder(worktreePath: string): Promise<string[]> {
  const parent = dirname(worktreePath);
  const firstMade = await mkdir(parent, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  const made: string[] = [];
  for (let folder = parent; firstMade !== undefined && isInside(folder, firstMade); folder = dirname(folder))
    made.push(folder);
  await mkdir(worktreePath, { mode: PRIVATE_FOLDER_MODE }).catch((error: unknown) => {
    if (hasCode(error, 'EEXIST')) throw new CorralError('CONFLICT', `${worktreePath} exists already`, { cause: error });
    throw error;
  });
  return made;
}
