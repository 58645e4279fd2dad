import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CorralError } from '../../../storage/errors';
import { hasCode, messageOf } from '../../../common/errors';
import { withIndexCopy } from '../snapshots/indexCopy';
import { findUncapturable, findUnreferencedCommits } from '../snapshots/uncapturedWork';
import { writeCommit } from '../snapshots/snapshotRef';
import { captureRawFiles } from '../snapshots/rawFiles';
import { headCommit, type Repository } from '../repository';
import { takeSnapshot, type MakeAddition } from '../snapshots/snapshots';
import { exists, inspectWorktree, linkWorktree, trashPathFor, type WorktreeOwnership } from '../worktreeOwnership';

const PRIVATE_FOLDER_MODE = 0o700;
const RENAME_ATTEMPTS = process.platform === 'win32' ? 8 : 1;
const BRANCH_FILE = 'corral-branch';

export interface SessionWorktree extends WorktreeOwnership {
  repository: Repository;
  /** Where the worktree was made, wherever it is now. */
  worktreePath: string;
  signal?: AbortSignal | undefined;
}

export interface TrashedWorktree {
  trashPath: string;
  /** The last snapshot, which the session's ref holds. */
  commit: string;
  /** Work that no snapshot can hold, in words. While there is any, the folder in the trash must stay. */
  notCaptured: string[];
}

/** Where a session's worktree is now. `missing` is neither here nor in the trash. */
export type WorktreePlace = { place: 'worktree' | 'trash'; administrativeDirectory: string } | { place: 'missing' };

/** WORKTREE_NOT_OURS where all that lies there is somebody else's; CONFLICT where the worktree is in both places. */
export async function locateWorktree({
  repository,
  worktreePath,
  storeId,
  sessionId,
}: SessionWorktree): Promise<WorktreePlace> {
  const mark = { storeId, sessionId };
  const here = await inspectWorktree(repository, worktreePath, mark);
  const inTrash = await inspectWorktree(repository, trashPathFor(worktreePath), mark);
  if (here.state === 'ours' && inTrash.state === 'ours')
    throw new CorralError(
      'CONFLICT',
      `The worktree is both in ${worktreePath} and in the trash. Move one of them away`,
    );
  // Something may have been written to the old place after the move; that is no reason to forget the worktree.
  if (inTrash.state === 'ours') return { place: 'trash', administrativeDirectory: inTrash.administrativeDirectory };
  if (here.state === 'ours') return { place: 'worktree', administrativeDirectory: here.administrativeDirectory };
  if (here.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', here.reason);
  if (inTrash.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', inTrash.reason);
  return { place: 'missing' };
}

/**
 * Moves a session's worktree into the trash and snapshots it there, byte for byte. No process of the session may be running.
 * Each step can be repeated: called again after a crash, it finishes; `restoreFromTrash` reverses it from any point.
 */
export async function moveToTrash(request: SessionWorktree): Promise<TrashedWorktree> {
  const { repository, worktreePath, sessionId, signal } = request;
  const located = await locateWorktree(request);
  if (located.place === 'missing') throw new CorralError('WORKTREE_MISSING', `There is no worktree in ${worktreePath}`);
  const trashPath = trashPathFor(worktreePath);
  if (located.place === 'worktree') {
    await mkdir(dirname(trashPath), { recursive: true, mode: PRIVATE_FOLDER_MODE });
    await move(worktreePath, trashPath);
  }
  await linkWorktree(trashPath, located.administrativeDirectory);

  const notCaptured = new Set<string>(await findUncapturable(repository, trashPath, signal));
  const snapshot = await takeSnapshot(
    { repository, worktreePath: trashPath, sessionId, message: 'Before the worktree was removed', signal },
    captureAll(request, trashPath, notCaptured),
  );
  snapshot.notCaptured.forEach((path) => notCaptured.add(`${path}: cannot be stored by git`));
  await releaseBranch(request, trashPath, located.administrativeDirectory);
  return { trashPath, commit: snapshot.commit, notCaptured: [...notCaptured] };
}

/**
 * What goes into a snapshot beside git's view of the files where nothing may be lost: their own bytes, the user's index, and every commit that only the
 * worktree at `path` knows. What cannot be read is added to `notCaptured`.
 */
export function captureAll(request: SessionWorktree, path: string, notCaptured: Set<string>): MakeAddition {
  const { repository, signal } = request;
  return async (indexFile, before, head) => {
    const raw = await captureRawFiles(repository, path, indexFile, signal);
    raw.notCaptured.forEach((file) => notCaptured.add(`${file}: cannot be read`));
    const held = [before?.commit, head].filter((commit) => commit !== undefined);
    return {
      raw: raw.commit,
      index: await captureIndex(request, path, head),
      rescued: await findUnreferencedCommits(repository, path, held, signal),
    };
  };
}

/**
 * Undo: brings the worktree back from the trash, as it was. Does nothing where it is in its place already.
 * CONFLICT where that is taken, WORKTREE_MISSING where it is nowhere.
 */
export async function restoreFromTrash(request: SessionWorktree): Promise<void> {
  const { worktreePath } = request;
  const located = await locateWorktree(request);
  if (located.place === 'missing')
    throw new CorralError('WORKTREE_MISSING', 'The worktree is not in the trash any more');
  if (located.place === 'trash') {
    await mkdir(dirname(worktreePath), { recursive: true, mode: PRIVATE_FOLDER_MODE });
    await move(trashPathFor(worktreePath), worktreePath);
  }
  await linkWorktree(worktreePath, located.administrativeDirectory);
  await takeBranch(request, located.administrativeDirectory);
}

async function move(from: string, to: string): Promise<void> {
  if (await exists(to)) throw new CorralError('CONFLICT', `${to} exists already. Move it away and try again`);
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const isBusy = ['EBUSY', 'EPERM', 'EACCES'].some((code) => hasCode(error, code));
      // Windows renames no folder in which any program has a file open; a virus scanner lets go after a moment.
      if (!isBusy || attempt === RENAME_ATTEMPTS)
        throw new CorralError(
          'WORKTREE_FAILED',
          `The worktree cannot be moved${isBusy ? ': a program still works in it' : ''} (${messageOf(error)})`,
          {
            cause: error,
          },
        );
      await delay(50 * 2 ** attempt);
    }
  }
}

/**
 * The user's index as a commit; undefined where it is as HEAD is. Also where it has conflicts, which no tree can hold: a merge is then in
 * progress and listed.
 */
async function captureIndex(
  { repository, signal }: SessionWorktree,
  path: string,
  head: string | undefined,
): Promise<string | undefined> {
  const { git } = repository;
  return withIndexCopy(git, path, async (indexFile) => {
    const { stdout, exitCode } = await git.run(path, ['write-tree'], {
      environment: { GIT_INDEX_FILE: indexFile },
      acceptedExitCodes: [0, 128],
      signal,
    });
    const tree = stdout.toString('utf8').trim();
    if (
      exitCode !== 0 ||
      (head !== undefined && tree === (await git.text(path, ['rev-parse', `${head}^{tree}`], { signal })))
    )
      return undefined;
    return writeCommit(repository, { tree, parents: [], message: 'Index', isDated: false });
  });
}

/** Git lets a branch be checked out in one worktree only: in the trash it would be out of the user's reach. HEAD keeps the commit. */
async function releaseBranch(
  { repository: { git } }: SessionWorktree,
  trashPath: string,
  administrativeDirectory: string,
): Promise<void> {
  const branch = await git.text(trashPath, ['symbolic-ref', '--quiet', 'HEAD'], { acceptedExitCodes: [0, 1] });
  const head = await headCommit(git, trashPath);
  if (branch === '' || head === '') return;
  await writeFile(join(administrativeDirectory, BRANCH_FILE), branch);
  await git.run(trashPath, ['update-ref', '--no-deref', 'HEAD', head]);
}

async function takeBranch(request: SessionWorktree, administrativeDirectory: string): Promise<void> {
  const file = join(administrativeDirectory, BRANCH_FILE);
  await checkOutBranch(request, await readFile(file, 'utf8').catch(() => ''));
  await rm(file, { force: true });
}

/** Back on the branch (`refs/heads/…`), unless it moved on or is checked out elsewhere meanwhile: then HEAD stays where it is, detached. */
export async function checkOutBranch(
  { repository: { git }, worktreePath }: SessionWorktree,
  branch: string,
): Promise<void> {
  if (branch === '') return;
  const commitOf = async (revision: string): Promise<string> =>
    git.text(worktreePath, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], {
      acceptedExitCodes: [0, 1],
    });
  const worktrees = (await git.text(worktreePath, ['worktree', 'list', '--porcelain', '-z'])).split('\0');
  if (!worktrees.includes(`branch ${branch}`) && (await commitOf(branch)) === (await commitOf('HEAD')))
    await git.run(worktreePath, ['symbolic-ref', '-m', 'corral: back on the branch', 'HEAD', branch]);
}
