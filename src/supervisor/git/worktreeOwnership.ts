import { lstat, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isId } from '../../storage/ids';
import { CorralError } from '../../storage/errors';
import { hasCode } from '../../common/errors';
import { followLink } from './gitDirectory';
import { isWorktreeName } from './worktreeName';
import { trashPathFor, type SessionWorktree, type WorktreeOwnership } from './sessionWorktree';

export type WorktreeState =
  | { state: 'missing' }
  /** Something else is there; `reason` says what, for people. */
  | { state: 'foreign'; reason: string }
  /** The administrative directory is git's own: `<common directory>/worktrees/<name>`. */
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
  if (administrativeDirectory === undefined)
    return { state: 'foreign', reason: l10n.t('{path} is no Git worktree.', { path }) };
  if (dirname(administrativeDirectory) !== join(repository.commonDirectory, 'worktrees')) {
    return { state: 'foreign', reason: l10n.t('{path} belongs to another repository.', { path }) };
  }
  return (await isOwnedBy(administrativeDirectory, { storeId, sessionId }))
    ? { state: 'ours', administrativeDirectory }
    : { state: 'foreign', reason: l10n.t('{path} is the worktree of another session.', { path }) };
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
    throw new CorralError(
      'CONFLICT',
      l10n.t('The worktree is both in {path} and in the trash. Move one of them away.', { path }),
    );
  // A program may have written to the old place after the move, so the trash comes first.
  if (inTrash.state === 'ours')
    return { place: 'trash', path: trashPath, administrativeDirectory: inTrash.administrativeDirectory };
  if (here.state === 'ours') return { place: 'worktree', path, administrativeDirectory: here.administrativeDirectory };
  if (here.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', here.reason);
  if (inTrash.state === 'foreign') throw new CorralError('WORKTREE_NOT_OURS', inTrash.reason);
  return { place: 'missing' };
}

/** The git folder that the `.git` file of a linked worktree or a submodule names; undefined where there is none. */
export async function readLink(folder: string): Promise<string | undefined> {
  const file = join(folder, '.git');
  if ((await lstat(file).catch(() => undefined))?.isFile() !== true) return undefined;
  return await followLink(await readFile(file, 'utf8'), folder);
}

/** Whose worktree is at `path`, by the lock in git's entry of it; undefined where it is nobody's of a store. */
export async function ownerOf(path: string): Promise<WorktreeOwnership | undefined> {
  const administrativeDirectory = await readLink(path);
  if (administrativeDirectory === undefined) return undefined;
  const lock = join(administrativeDirectory, 'locked');
  // The link may lead anywhere, also to a pipe, of which reading would never end.
  if ((await lstat(lock).catch(() => undefined))?.isFile() !== true) return undefined;
  const reason = await readFile(lock, 'utf8').catch(() => '');
  const [, storeId, sessionId] = /^corral ([^/\s]+)\/([^/\s]+)$/.exec(reason.trim()) ?? [];
  return storeId === undefined || sessionId === undefined || !isId(sessionId) ? undefined : { storeId, sessionId };
}

/** True where the worktree with this administrative directory is locked in the name of this store's session. */
export async function isOwnedBy(administrativeDirectory: string, ownership: WorktreeOwnership): Promise<boolean> {
  const reason = await readFile(join(administrativeDirectory, 'locked'), 'utf8').catch(() => '');
  return reason.trim() === lockReason(ownership);
}

/**
 * Makes a worktree's folder and its administrative directory point to each other after one of them moved. As
 * `git worktree repair` does, which would change other worktrees, too.
 */
export async function linkWorktree(worktreePath: string, administrativeDirectory: string): Promise<void> {
  await writeIfDifferent(join(worktreePath, '.git'), `gitdir: ${forGit(administrativeDirectory)}\n`);
  await writeIfDifferent(join(administrativeDirectory, 'gitdir'), `${forGit(join(worktreePath, '.git'))}\n`);
}

/**
 * `lstat` shows a junction of Windows as a link, too.
 *
 * @throws WORKTREE_NOT_OURS unless the path is `<root>/<worktrees|trash|spares>/<name>`, none of the three a link.
 */
export async function refuseLinks(path: string): Promise<void> {
  if (!isWorktreeName(basename(path)) || !['worktrees', 'trash', 'spares'].includes(basename(dirname(path))))
    throw new CorralError('WORKTREE_NOT_OURS', l10n.t('{path} is no place for a session’s worktree.', { path }));
  for (const component of [dirname(dirname(path)), dirname(path), path]) {
    const stats = await lstat(component).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (stats !== undefined && !stats.isDirectory())
      throw new CorralError(
        'WORKTREE_NOT_OURS',
        l10n.t('{path} is a link or a file, and Corral works only in real folders.', { path: component }),
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
