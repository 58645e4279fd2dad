import { isInside } from '../../../common/isInside';
import { mkdir, realpath, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { hasCode, messageOf } from '../../../common/errors';
import { excludeFromRepository } from './exclusions';
import { isObjectId, type Repository } from '../repository';
import {
  isOwnedBy,
  exists,
  inspectWorktree,
  lockReason,
  refuseLinks,
  type WorktreeOwnership,
} from '../worktreeOwnership';
import { snapshotRefName, readSnapshotRef } from '../snapshots/snapshotRef';

const PRIVATE_FOLDER_MODE = 0o700;

/** `inside` the main worktree, `beside` it, or below a folder of the user's choice. */
export type WorktreeLocation = 'inside' | 'beside' | (string & {});

export interface WorktreeRequest extends WorktreeOwnership {
  repository: Repository;
  /** An object id. */
  baseCommit: string;
  location: WorktreeLocation;
  signal?: AbortSignal | undefined;
}

/** Where a session's worktree is made: `<root>/worktrees/<sessionId>`. Touches no disk. */
export function worktreePathFor(mainWorktree: string, sessionId: string, location: WorktreeLocation): string {
  return join(rootFor(mainWorktree, location), 'worktrees', sessionId);
}

function rootFor(mainWorktree: string, location: WorktreeLocation): string {
  if (location === 'inside') return join(mainWorktree, '.corral');
  if (location === 'beside') return join(dirname(mainWorktree), `${basename(mainWorktree)}.corral`);
  return resolve(mainWorktree, location);
}

/**
 * Makes a session's worktree, detached at its base, marked as ours by its lock and pinned by the session's ref.
 * A failure or a cancel takes back exactly what was made. CONFLICT where something lies there already.
 */
export async function createWorktree(request: WorktreeRequest): Promise<{ worktreePath: string }> {
  const { repository, sessionId, baseCommit, signal } = request;
  const { git, mainWorktree, commonDirectory } = repository;
  if (!isObjectId(baseCommit)) throw new CorralError('INVALID_ARGUMENT', `${baseCommit} is no object id`);
  const root = rootFor(mainWorktree, request.location);
  if (root === mainWorktree || isInside(root, commonDirectory))
    throw new CorralError('INVALID_ARGUMENT', `Worktrees cannot lie in ${root}`);
  const worktreePath = worktreePathFor(mainWorktree, sessionId, request.location);
  await refuseLinks(worktreePath);
  if (isInside(root, mainWorktree)) await excludeFromRepository(repository, `${relative(mainWorktree, root)}/`);
  const administrativeDirectory = join(commonDirectory, 'worktrees', sessionId);
  // Whatever bears the session's id after this point was made here: ids are random, and the folder is a claim.
  const [lastSnapshot, filters] = await Promise.all([
    readSnapshotRef(repository, sessionId),
    git.readFilters(mainWorktree, signal),
  ]);
  if (lastSnapshot !== undefined)
    throw new CorralError('CONFLICT', `There is a ref ${snapshotRefName(sessionId)} already`);
  if (await exists(administrativeDirectory))
    throw new CorralError('CONFLICT', `Git already knows a worktree named ${sessionId}`);

  const madeFolders = await claimFolder(worktreePath);
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
        lockReason(request),
        '--',
        worktreePath,
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
    const itsFilters = await git.readFilters(worktreePath, signal).finally(async () => await pinning);
    await git.run(worktreePath, ['reset', '--quiet', '--hard', '--no-recurse-submodules', baseCommit], {
      signal,
      filters: itsFilters,
    });
    return { worktreePath: await realpath(worktreePath) };
  } catch (error) {
    // Git may have been stopped before it wrote the mark; nobody else can have made an entry of this name since it was looked for.
    await rollbackCreation(repository, sessionId, worktreePath, true, madeFolders).catch((second: unknown) => {
      throw new CorralError(
        'WORKTREE_FAILED',
        `${messageOf(error)}; and what was made could not be taken back: ${messageOf(second)}`,
        { cause: error },
      );
    });
    throw error;
  }
}

/**
 * Takes back a creation that a crash cut off. Only for a session in which no agent was ever started: there is no way back.
 * CONFLICT where the session was ever snapshotted or somebody worked in it, WORKTREE_NOT_OURS where the folder is somebody else's. Does nothing where nothing
 * is left.
 */
export async function discardInterruptedWorktree(
  repository: Repository,
  worktreePath: string,
  mark: WorktreeOwnership,
  baseCommit: string,
): Promise<void> {
  const found = await inspectWorktree(repository, worktreePath, mark);
  const isOurEntry = await isOwnedBy(join(repository.commonDirectory, 'worktrees', mark.sessionId), mark);
  const isAtWork = found.state === 'ours' && !(await isAtStart(repository, worktreePath, baseCommit));
  if (isAtWork || (await readSnapshotRef(repository, mark.sessionId))?.isSnapshot === true)
    throw new CorralError('CONFLICT', 'This session has work: delete it instead');
  if (found.state === 'foreign') {
    // Cut off before git wrote the link: the folder is empty, and only then does rmdir take it.
    await rmdir(worktreePath).catch((error: unknown) => {
      throw new CorralError('WORKTREE_NOT_OURS', found.reason, { cause: error });
    });
  }
  if (found.state === 'ours' || isOurEntry)
    await rollbackCreation(repository, mark.sessionId, worktreePath, isOurEntry, []);
}

/** True while HEAD is where making the worktree put it: detached at the base, or where the session that this one goes on from was. */
async function isAtStart(
  { git, mainWorktree }: Repository,
  worktreePath: string,
  baseCommit: string,
): Promise<boolean> {
  const accept = { acceptedExitCodes: [0, 1, 128] };
  const head = await git.text(worktreePath, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], accept);
  if (head === '') return true; // cut off before git wrote it
  if ((await git.text(worktreePath, ['symbolic-ref', '--quiet', 'HEAD'], accept)) !== '') return false;
  return (
    head === baseCommit ||
    (await git.text(mainWorktree, ['for-each-ref', '--count=1', `--contains=${head}`, snapshotRefName('')])) !== ''
  );
}

async function rollbackCreation(
  repository: Repository,
  sessionId: string,
  worktreePath: string,
  isOurEntry: boolean,
  madeFolders: readonly string[],
): Promise<void> {
  await rm(worktreePath, { recursive: true, force: true, maxRetries: 5 });
  const entries = join(repository.commonDirectory, 'worktrees');
  if (isOurEntry) await rm(join(entries, sessionId), { recursive: true, force: true, maxRetries: 5 });
  const lastSnapshot = await readSnapshotRef(repository, sessionId);
  if (lastSnapshot !== undefined)
    await repository.git.run(repository.mainWorktree, [
      'update-ref',
      '-d',
      snapshotRefName(sessionId),
      lastSnapshot.commit,
    ]);
  // Git makes and removes the folder of its entries with the first and the last of them.
  for (const folder of [entries, ...madeFolders]) {
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
