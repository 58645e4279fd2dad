import { realpath, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { messageOf } from '../../../common/errors';
import { checkOutFiltered, linkKeys } from '../filters/checkOutFiltered';
import { addWorktree, checkOut } from './addWorktree';
import { isObjectId, type Repository } from '../repository';
import { hasFilter, type Setting } from '../safeConfiguration';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeOwnership } from '../sessionWorktree';
import { worktreeName } from '../worktreeName';
import { isOwnedBy, exists, inspectWorktree } from '../worktreeOwnership';
import { claimFolder, placeTaken, prepareRoot, removeIfEmpty } from './worktreeFolder';
import { snapshotRefName, readSnapshotRef } from '../snapshots/snapshotRef';

/** `inside` the main worktree, `beside` it, or below a folder of the user's choice. */
export type WorktreeLocation = 'inside' | 'beside' | (string & {});

/**
 * Puts a spare that is checked out at the commit in the worktree's place, in its session's name; false without one.
 * No filter makes any of its files.
 */
export type TakeSpare = (worktree: SessionWorktree, baseCommit: string) => Promise<boolean>;

/** Where the worktree of a new session with this title will be: `<root>/worktrees/<name>`. Touches no disk. */
export function planWorktree(
  repository: Repository,
  ownership: WorktreeOwnership,
  location: WorktreeLocation,
  title = '',
): SessionWorktree {
  const path = join(rootFor(repository, location), 'worktrees', worktreeName(title, ownership.sessionId));
  return { ...ownership, repository, path };
}

function rootFor({ mainWorktree, commonDirectory, hasMainWorktree }: Repository, location: WorktreeLocation): string {
  if (!hasMainWorktree) {
    // Never inside a linked worktree, which may be removed: beside the repository's own folder.
    const folder = dirname(commonDirectory);
    const name = basename(commonDirectory).replace(/\.git$/, '');
    if (location !== 'inside' && location !== 'beside') return resolve(folder, location);
    return join(folder, name.startsWith('.') ? '.corral' : `${name}.corral`);
  }
  if (location === 'inside') return join(mainWorktree, '.corral');
  if (location === 'beside') return join(dirname(mainWorktree), `${basename(mainWorktree)}.corral`);
  return resolve(mainWorktree, location);
}

/**
 * Makes a session's worktree, detached at `baseCommit` and locked in its name, and points the session's ref to the same
 * commit. A failure or a cancel removes exactly what was made; the answer has its path without links.
 *
 * @throws CONFLICT where anything bears the session's id already.
 * @throws INVALID_ARGUMENT where worktrees cannot lie there.
 */
export async function createWorktree(
  worktree: SessionWorktree,
  baseCommit: string,
  takeSpare: TakeSpare = () => Promise.resolve(false),
): Promise<SessionWorktree> {
  const { repository, sessionId, path, signal } = worktree;
  const { git, mainWorktree } = repository;
  if (!isObjectId(baseCommit))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('{commit} is no object id.', { commit: baseCommit }));
  await prepareRoot(worktree);
  const administrativeDirectory = administrativeDirectoryOf(worktree);
  // Checked first, so that a failure may remove whatever has the session's id.
  const [lastSnapshot, filters] = await Promise.all([
    readSnapshotRef(repository, sessionId),
    git.readFilters(mainWorktree, signal),
  ]);
  if (lastSnapshot !== undefined)
    throw new CorralError('CONFLICT', l10n.t('The ref {ref} exists already.', { ref: snapshotRefName(sessionId) }));
  if (await exists(administrativeDirectory))
    throw new CorralError('CONFLICT', l10n.t('Git already knows a worktree named {name}.', { name: basename(path) }));

  if (await exists(path)) throw placeTaken(path);
  const isTaken = await takeSpare(worktree, baseCommit);
  const madeFolders = isTaken ? [dirname(path)] : await claimFolder(path);
  try {
    if (!isTaken) await addWorktree(worktree, baseCommit, filters);
    await linkKeys(worktree);
    const creatingRef = git.run(
      mainWorktree,
      ['update-ref', snapshotRefName(sessionId), baseCommit, '0'.repeat(baseCommit.length)],
      { signal },
    );
    creatingRef.catch(() => undefined); // thrown below, once nothing else goes on
    try {
      // A spare has all files: none is made where a filter could make some.
      if (!isTaken) await makeFiles(worktree, baseCommit, filters);
    } finally {
      await creatingRef;
    }
    return { ...worktree, path: await realpath(path) };
  } catch (error) {
    // Git may have been stopped before it wrote the lock, but nobody else makes an entry of this name.
    await removeTraces(worktree, true, madeFolders).catch((second: unknown) => {
      throw new CorralError(
        'WORKTREE_FAILED',
        l10n.t('{reason} What was made could not be removed: {second}', {
          reason: messageOf(error),
          second: messageOf(second),
        }),
        { cause: error },
      );
    });
    throw error;
  }
}

/** `filters` are those of the main worktree, read a moment ago. */
async function makeFiles(worktree: SessionWorktree, commit: string, filters: readonly Setting[]): Promise<void> {
  // Read again, since the repository's configuration may have a part for this worktree alone.
  const worktreeFilters = await worktree.repository.git.readFilters(worktree.path, worktree.signal);
  await checkOut(worktree, commit, worktreeFilters);
  if (hasFilter(filters)) await checkOutFiltered(worktree, commit, { isFilter: () => true });
}

/**
 * Removes for good what is left of an interrupted creation. Only for a session in which no agent was ever started.
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
    throw new CorralError('CONFLICT', l10n.t('This session has work in its worktree. Delete the session instead.'));
  if (found.state === 'foreign') {
    // Interrupted before git wrote the link: then the folder is empty, and `rmdir` removes only an empty one.
    await rmdir(path).catch((error: unknown) => {
      throw new CorralError('WORKTREE_NOT_OURS', found.reason, { cause: error });
    });
  }
  if (found.state === 'ours' || isRegistered) await removeTraces(worktree, isRegistered, []);
}

/** True while HEAD is where the creation set it: detached at the base, or at a commit of another session's. */
async function isAtStart({ repository, path }: SessionWorktree, baseCommit: string): Promise<boolean> {
  const { git, mainWorktree } = repository;
  const accept = { acceptedExitCodes: [0, 1, 128] };
  const head = await git.text(path, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], accept);
  if (head === '') return true; // interrupted before git wrote it
  if ((await git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], accept)) !== '') return false;
  return (
    head === baseCommit ||
    (await git.text(mainWorktree, ['for-each-ref', '--count=1', `--contains=${head}`, snapshotRefName('')])) !== ''
  );
}

/** Removes the folder, its administrative directory where that is ours, the session's ref, and empty folders above. */
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
  // Git makes the folder of all administrative directories with the first of them, and removes it with the last.
  for (const folder of [dirname(administrativeDirectory), ...madeFolders]) await removeIfEmpty(folder);
}
