import { lstat, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { isId } from '../../storage/ids';
import { CorralError, hasCode } from '../../storage/errors';
import type { Repository } from './repository';

/** Whose worktree it is. It stands in the worktree's lock, where git keeps and shows it. */
export interface WorktreeMark {
  storeId: string;
  sessionId: string;
}

export type WorktreeState =
  | { state: 'missing' }
  /** Something is there, but not the worktree of this store's session. `reason` is for a person. */
  | { state: 'foreign'; reason: string }
  /** `administrativeDirectory` is git's own entry, `<common directory>/worktrees/<name>`. */
  | { state: 'ours'; administrativeDirectory: string };

export function lockReason(mark: WorktreeMark): string {
  return `corral ${mark.storeId}/${mark.sessionId}`;
}

/** Where a deleted session's worktree is kept: beside the folder of the worktrees, so that moving it is one rename. */
export function trashPathFor(worktreePath: string): string {
  return join(dirname(dirname(worktreePath)), 'trash', basename(worktreePath));
}

/** What lies at `path`: looks, and changes nothing. WORKTREE_NOT_OURS where the way to it leads through a link. */
export async function inspectWorktree(repository: Repository, path: string, mark: WorktreeMark): Promise<WorktreeState> {
  await refuseLinks(path);
  if (!(await exists(path))) return { state: 'missing' };
  const linkFile = join(path, '.git');
  const target = (await lstat(linkFile).catch(() => undefined))?.isFile() === true ? /^gitdir: (.+?)[\r\n]*$/s.exec(await readFile(linkFile, 'utf8'))?.[1] : undefined;
  if (target === undefined) return { state: 'foreign', reason: `${path} is no git worktree` };
  // A relative link is read from the folder's real place.
  const administrativeDirectory = await realpath(isAbsolute(target) ? target : resolve(path, target)).catch(() => undefined);
  if (administrativeDirectory === undefined || dirname(administrativeDirectory) !== join(repository.commonDirectory, 'worktrees')) {
    return { state: 'foreign', reason: `${path} belongs to another repository` };
  }
  return (await bearsMark(administrativeDirectory, mark)) ? { state: 'ours', administrativeDirectory } : { state: 'foreign', reason: `${path} does not bear this session's mark` };
}

/** True where git's entry is locked in the name of this store's session. */
export async function bearsMark(administrativeDirectory: string, mark: WorktreeMark): Promise<boolean> {
  const reason = await readFile(join(administrativeDirectory, 'locked'), 'utf8').catch(() => '');
  return reason.trim() === lockReason(mark);
}

/** Makes the folder and git's entry point at each other, after either was moved. The same bytes as `git worktree repair` writes, which would look at other worktrees too. */
export async function linkWorktree(worktreePath: string, administrativeDirectory: string): Promise<void> {
  await writeIfDifferent(join(worktreePath, '.git'), `gitdir: ${forGit(administrativeDirectory)}\n`);
  await writeIfDifferent(join(administrativeDirectory, 'gitdir'), `${forGit(join(worktreePath, '.git'))}\n`);
}

/** Fails unless `path` is `<root>/<worktrees|trash>/<sessionId>` and none of these three is a link or a junction (`lstat` shows both as links). */
export async function refuseLinks(path: string): Promise<void> {
  if (!isId(basename(path)) || !['worktrees', 'trash'].includes(basename(dirname(path)))) throw new CorralError('WORKTREE_NOT_OURS', `${path} is no place for a session's worktree`);
  for (const component of [dirname(dirname(path)), dirname(path), path]) {
    const stats = await lstat(component).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (stats !== undefined && !stats.isDirectory()) throw new CorralError('WORKTREE_NOT_OURS', `${component} is a link or a file, and Corral works only in real folders`);
  }
}

/** True where anything is at `path`, a broken link included. */
export async function exists(path: string): Promise<boolean> {
  return lstat(path).then(() => true, (error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false;
    throw error;
  });
}

/** True where `path` lies in `folder` or is it. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (!isAbsolute(way) && way.split(/[\\/]/, 1)[0] !== '..');
}

async function writeIfDifferent(path: string, content: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) !== content) await writeFile(path, content);
}

function forGit(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
