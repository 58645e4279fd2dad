import { lstat, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isId } from '../../storage/ids';
import { CorralError } from '../../storage/errors';
import { hasCode } from '../../common/errors';
import { trashPathFor, type SessionWorktree, type WorktreeOwnership } from './sessionWorktree';

export type WorktreeState =
  | { state: 'missing' }
  /** Something is there, but not the worktree of this store's session. `reason` is for a person. */
  | { state: 'foreign'; reason: string }
  /** `administrativeDirectory` is git's own entry, `<common directory>/worktrees/<name>`. */
  | { state: 'ours'; administrativeDirectory: string };

export function lockReason({ storeId, sessionId }: WorktreeOwnership): string {
  return `corral ${storeId}/${sessionId}`;
}

/**
 * What lies at the worktree's path. Looks, and changes nothing.
 *
 * @throws WORKTREE_NOT_OURS where the way to it leads through a link.
 */
export async function inspectWorktree({
  repository,
  path,
  storeId,
  sessionId,
}: SessionWorktree): Promise<WorktreeState> {
  await refuseLinks(path);
  if (!(await exists(path))) return { state: 'missing' };
  const administrativeDirectory = await readLink(path);
  if (administrativeDirectory === undefined) return { state: 'foreign', reason: `${path} is no git worktree` };
  if (dirname(administrativeDirectory) !== join(repository.commonDirectory, 'worktrees')) {
    return { state: 'foreign', reason: `${path} belongs to another repository` };
  }
  return (await isOwnedBy(administrativeDirectory, { storeId, sessionId }))
    ? { state: 'ours', administrativeDirectory }
    : { state: 'foreign', reason: `${path} is not this session's worktree` };
}

/** Where a session's worktree is now. `missing` is neither in its place nor in the trash. */
export type WorktreePlace =
  { place: 'worktree' | 'trash'; path: string; administrativeDirectory: string } | { place: 'missing' };

/**
 * Looks for the worktree in its place and in the trash.
 *
 * @throws WORKTREE_NOT_OURS where all that lies there is somebody else's.
 * @throws CONFLICT where the worktree is in both places.
 */
export async function locateWorktree(worktree: SessionWorktree): Promise<WorktreePlace> {
  const { path } = worktree;
  const trashPath = trashPathFor(path);
  const here = await inspectWorktree(worktree);
  const inTrash = await inspectWorktree({ ...worktree, path: trashPath });
  if (here.state === 'ours' && inTrash.state === 'ours')
    throw new CorralError('CONFLICT', `The worktree is both in ${path} and in the trash. Move one of them away`);
  // Something may have been written to the old place after the move; that is no reason to forget the worktree.
  if (inTrash.state === 'ours')
    return { place: 'trash', path: trashPath, administrativeDirectory: inTrash.administrativeDirectory };
  if (here.state === 'ours') return { place: 'worktree', path, administrativeDirectory: here.administrativeDirectory };
  if (here.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', here.reason);
  if (inTrash.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', inTrash.reason);
  return { place: 'missing' };
}

/** The git folder that a linked worktree's or a submodule's `.git` file names, without links; undefined where there is no such file or folder. */
export async function readLink(folder: string): Promise<string | undefined> {
  const file = join(folder, '.git');
  if ((await lstat(file).catch(() => undefined))?.isFile() !== true) return undefined;
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(await readFile(file, 'utf8'))?.[1];
  return target === undefined ? undefined : realpath(resolve(folder, target)).catch(() => undefined);
}

/** True where git's entry is locked in the name of this store's session. */
export async function isOwnedBy(administrativeDirectory: string, ownership: WorktreeOwnership): Promise<boolean> {
  const reason = await readFile(join(administrativeDirectory, 'locked'), 'utf8').catch(() => '');
  return reason.trim() === lockReason(ownership);
}

/**
 * Makes the folder and git's entry point at each other, after either was moved. The same bytes as `git worktree repair` writes, which would
 * look at other worktrees too.
 */
export async function linkWorktree(worktreePath: string, administrativeDirectory: string): Promise<void> {
  await writeIfDifferent(join(worktreePath, '.git'), `gitdir: ${forGit(administrativeDirectory)}\n`);
  await writeIfDifferent(join(administrativeDirectory, 'gitdir'), `${forGit(join(worktreePath, '.git'))}\n`);
}

/** Fails unless `path` is `<root>/<worktrees|trash>/<sessionId>` and none of these three is a link or a junction (`lstat` shows both as links). */
export async function refuseLinks(path: string): Promise<void> {
  if (!isId(basename(path)) || !['worktrees', 'trash'].includes(basename(dirname(path))))
    throw new CorralError('WORKTREE_NOT_OURS', `${path} is no place for a session's worktree`);
  for (const component of [dirname(dirname(path)), dirname(path), path]) {
    const stats = await lstat(component).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (stats !== undefined && !stats.isDirectory())
      throw new CorralError(
        'WORKTREE_NOT_OURS',
        `${component} is a link or a file, and Corral works only in real folders`,
      );
  }
}

/** True where anything is at `path`, a broken link included. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: unknown) => {
      if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false;
      throw error;
    },
  );
}

async function writeIfDifferent(path: string, content: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) !== content) await writeFile(path, content);
}

function forGit(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
