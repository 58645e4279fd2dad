import { lstat, readFile, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isId } from '../../storage/ids';
import { CorralError } from '../../storage/errors';
import { hasCode } from '../../common/errors';
import type { Repository } from './repository';

/** Whose worktree it is. It stands in the worktree's lock, where git keeps and shows it. */
export interface WorktreeOwnership {
  storeId: string;
  sessionId: string;
}

export type WorktreeState =
  | { state: 'missing' }
  /** Something is there, but not the worktree of this store's session. `reason` is for a person. */
  | { state: 'foreign'; reason: string }
  /** `administrativeDirectory` is git's own entry, `<common directory>/worktrees/<name>`. */
  | { state: 'ours'; administrativeDirectory: string };

export function lockReason(mark: WorktreeOwnership): string {
  return `corral ${mark.storeId}/${mark.sessionId}`;
}

/** Where a deleted session's worktree is kept: beside the folder of the worktrees, so that moving it is one rename. */
export function trashPathFor(worktreePath: string): string {
  return join(dirname(dirname(worktreePath)), 'trash', basename(worktreePath));
}

/** What lies at `path`: looks, and changes nothing. WORKTREE_NOT_OURS where the way to it leads through a link. */
export async function inspectWorktree(
  repository: Repository,
  path: string,
  mark: WorktreeOwnership,
): Promise<WorktreeState> {
  await refuseLinks(path);
  if (!(await exists(path))) return { state: 'missing' };
  const administrativeDirectory = await readLink(path);
  if (administrativeDirectory === undefined) return { state: 'foreign', reason: `${path} is no git worktree` };
  if (dirname(administrativeDirectory) !== join(repository.commonDirectory, 'worktrees')) {
    return { state: 'foreign', reason: `${path} belongs to another repository` };
  }
  return (await isOwnedBy(administrativeDirectory, mark))
    ? { state: 'ours', administrativeDirectory }
    : { state: 'foreign', reason: `${path} does not bear this session's mark` };
}

/** The git folder that a linked worktree's or a submodule's `.git` file names, without links; undefined where there is no such file or folder. */
export async function readLink(folder: string): Promise<string | undefined> {
  const file = join(folder, '.git');
  if ((await lstat(file).catch(() => undefined))?.isFile() !== true) return undefined;
  const target = /^gitdir: (.+?)[\r\n]*$/s.exec(await readFile(file, 'utf8'))?.[1];
  return target === undefined ? undefined : realpath(resolve(folder, target)).catch(() => undefined);
}

/** True where git's entry is locked in the name of this store's session. */
export async function isOwnedBy(administrativeDirectory: string, mark: WorktreeOwnership): Promise<boolean> {
  const reason = await readFile(join(administrativeDirectory, 'locked'), 'utf8').catch(() => '');
  return reason.trim() === lockReason(mark);
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
