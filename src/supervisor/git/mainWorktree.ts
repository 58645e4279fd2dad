/** Finds the folders that hold a repository's files. A repository without a main worktree has linked ones alone. */
import { realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isThere } from '../../common/disks/pathState';
import { CorralError } from '../../storage/errors';
import type { Git } from './git';
import {
  commonDirectoryOf,
  enclosingCheckout,
  folderAround,
  gitDirectoryOf,
  isSessionWorktree,
  leadsTo,
} from './gitDirectory';
import { pathToText, splitZ } from './pathBytes';
import { readPlaceSettings, wrongSetting } from './placeSettings';

export interface Place {
  commonDirectory: string;
  /** Differs from the common directory in a linked worktree. */
  gitDirectory: string;
  /** The folder that was asked for, without links. */
  folder: string;
  /** The top of the worktree around it; undefined where git sees none. */
  top: string | undefined;
}

export interface Checkouts {
  mainWorktree: string;
  /** False where a linked worktree stands for it. */
  hasMainWorktree: boolean;
  /** Whose index and HEAD are the user's: the worktree around the folder, unless a session has that. */
  checkout: string;
}

/**
 * Where the repository's files are checked out.
 *
 * @throws BARE_REPOSITORY where they are nowhere
 * @throws REPOSITORY_SETTING where a setting keeps git from finding them
 */
export async function findCheckouts(git: Git, place: Place): Promise<Checkouts> {
  const { commonDirectory, gitDirectory, top } = place;
  if (gitDirectory === commonDirectory) {
    if (top !== undefined && (await leadsTo(top, commonDirectory))) return mainOnly(top);
    await refuseWrongSetting(git, place);
    return await firstCheckout(git, commonDirectory);
  }
  const mainWorktree = await findMainWorktree(git, place);
  const isSession = await isSessionWorktree(gitDirectory);
  if (mainWorktree !== undefined)
    return { ...mainOnly(mainWorktree), checkout: isSession ? mainWorktree : (top ?? mainWorktree) };
  if (!isSession && top !== undefined) return linkedOnly(top);
  const around = top === undefined ? undefined : dirname(dirname(dirname(top))); // `.corral/worktrees/<id>`
  if (around !== undefined && (await leadsTo(around, commonDirectory))) return mainOnly(around);
  return await firstCheckout(git, commonDirectory);
}

function mainOnly(path: string): Checkouts {
  return { mainWorktree: path, hasMainWorktree: true, checkout: path };
}

function linkedOnly(path: string): Checkouts {
  return { mainWorktree: path, hasMainWorktree: false, checkout: path };
}

/** As seen from a linked worktree. Undefined where there is none, or where nothing says where it is. */
async function findMainWorktree(git: Git, place: Place): Promise<string | undefined> {
  const { commonDirectory } = place;
  const { bare, worktree } = await readPlaceSettings(git, commonDirectory);
  if (bare || worktree !== undefined) await refuseWrongSetting(git, place);
  if (bare) return undefined;
  const folder = worktree === undefined ? folderAround(commonDirectory) : resolve(commonDirectory, worktree);
  if (folder === undefined || !(await leadsTo(folder, commonDirectory))) return undefined;
  return await realpath(folder);
}

/** Of a bare repository's worktrees: the one of its own branch, else the first. A session's only as a last resort. */
async function firstCheckout(git: Git, commonDirectory: string): Promise<Checkouts> {
  const environment = { GIT_DIR: commonDirectory, GIT_WORK_TREE: commonDirectory };
  const [head, listed] = await Promise.all([
    git.text(commonDirectory, ['symbolic-ref', '--quiet', 'HEAD'], { environment, acceptedExitCodes: [0, 1] }),
    git.run(commonDirectory, ['worktree', 'list', '--porcelain', '-z'], { environment }),
  ]);
  let found: { path: string; rank: number } | undefined;
  for (const entry of listed.stdout.toString('latin1').split('\0\0')) {
    const fields = splitZ(Buffer.from(`${entry}\0`, 'latin1'));
    const path = pathToText(fields.find((field) => field.startsWith('worktree '))?.slice('worktree '.length) ?? '');
    const gitDirectory = path === '' || fields.includes('bare') ? undefined : await gitDirectoryOf(path);
    if (gitDirectory === undefined || (await commonDirectoryOf(gitDirectory)) !== commonDirectory) continue;
    const rank = (await isSessionWorktree(gitDirectory)) ? 0 : fields.includes(`branch ${head}`) ? 2 : 1;
    if (found === undefined || rank > found.rank) found = { path, rank };
  }
  if (found === undefined)
    throw new CorralError(
      'BARE_REPOSITORY',
      l10n.t('{repository} has no checkout. Make one with “git worktree add”, and open that.', {
        repository: commonDirectory,
      }),
    );
  const path = await realpath(found.path);
  return (await leadsTo(path, commonDirectory)) ? mainOnly(path) : linkedOnly(path);
}

/** As `findCheckouts` throws, for a folder in which git itself fails. */
export async function explainHiddenFiles(git: Git, folder: string): Promise<void> {
  const place = await enclosingCheckout(folder);
  if (place !== undefined) await refuseWrongSetting(git, { commonDirectory: place.commonDirectory, folder });
}

/** @throws REPOSITORY_SETTING where git does not find the files although they are there. */
async function refuseWrongSetting(
  git: Git,
  { commonDirectory, folder }: Pick<Place, 'commonDirectory' | 'folder'>,
): Promise<void> {
  const settings = await readPlaceSettings(git, commonDirectory);
  const around = folderAround(commonDirectory) ?? (await enclosingCheckout(folder))?.checkout;
  const leadsBack =
    settings.worktree !== undefined && (await leadsTo(resolve(commonDirectory, settings.worktree), commonDirectory));
  if (settings.worktree !== undefined && !leadsBack)
    throw wrongSetting('core.worktree', settings.origin, around ?? commonDirectory);
  if (settings.bare && around !== undefined && (await holdsFiles(git, commonDirectory, around)))
    throw wrongSetting('core.bare', settings.origin, around);
}

/** True where files of HEAD lie in the folder, and an index says that git once put them there. */
async function holdsFiles(git: Git, commonDirectory: string, folder: string): Promise<boolean> {
  if (!(await isThere(join(commonDirectory, 'index'))) || !(await leadsTo(folder, commonDirectory))) return false;
  const { stdout } = await git.run(commonDirectory, ['ls-tree', '-z', '--name-only', 'HEAD'], {
    environment: { GIT_DIR: commonDirectory, GIT_WORK_TREE: commonDirectory },
    acceptedExitCodes: [0, 128],
  });
  for (const name of splitZ(stdout)) if (await isThere(join(folder, pathToText(name)))) return true;
  return false;
}
