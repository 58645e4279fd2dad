/** The folders in which worktrees are made. */
import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import * as l10n from '@vscode/l10n';
import { hasCode } from '../../../common/errors';
import { isInside } from '../../../common/isInside';
import { CorralError } from '../../../storage/errors';
import type { SessionWorktree } from '../sessionWorktree';
import { refuseLinks } from '../worktreeOwnership';
import { excludeFromRepository } from './exclusions';

const PRIVATE_FOLDER_MODE = 0o700;

/**
 * Hides the folder of all worktrees from the repository, where it lies inside.
 *
 * @throws INVALID_ARGUMENT where worktrees cannot lie there.
 */
export async function prepareRoot({ repository, path }: SessionWorktree): Promise<void> {
  const { mainWorktree, commonDirectory } = repository;
  const root = dirname(dirname(path));
  if (root === mainWorktree || isInside(root, commonDirectory))
    throw new CorralError(
      'INVALID_ARGUMENT',
      l10n.t('Worktrees cannot be made in {folder}. Choose another folder.', { folder: root }),
    );
  await refuseLinks(path);
  if (isInside(root, mainWorktree)) await excludeFromRepository(repository, `${relative(mainWorktree, root)}/`);
}

/** Makes the worktree's folder, which must not exist. Answers with the folders above that are new, deepest first. */
export async function claimFolder(worktreePath: string): Promise<string[]> {
  const made = await makeParents(worktreePath);
  await mkdir(worktreePath, { mode: PRIVATE_FOLDER_MODE }).catch((error: unknown) => {
    throw hasCode(error, 'EEXIST') ? placeTaken(worktreePath, error) : error;
  });
  return made;
}

/** Makes the folders above a worktree's. Answers with those that are new, deepest first. */
export async function makeParents(worktreePath: string): Promise<string[]> {
  const parent = dirname(worktreePath);
  const firstMade = await mkdir(parent, { recursive: true, mode: PRIVATE_FOLDER_MODE });
  const made: string[] = [];
  for (let folder = parent; firstMade !== undefined && isInside(folder, firstMade); folder = dirname(folder))
    made.push(folder);
  return made;
}

export function placeTaken(path: string, cause?: unknown): CorralError {
  return new CorralError('CONFLICT', l10n.t('{path} exists already. Move it away and try again.', { path }), { cause });
}

/** Removes an empty folder. One that is gone, or in use by now, stays as it is. */
export async function removeIfEmpty(folder: string): Promise<void> {
  await rmdir(folder).catch((error: unknown) => {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].some((code) => hasCode(error, code))) throw error;
  });
}
