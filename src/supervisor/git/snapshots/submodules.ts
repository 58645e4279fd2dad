/** Submodules whose files come back from git's entry of the worktree, which Corral keeps (see `retiredEntry`). */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInside } from '../../../common/isInside';
import { followLink } from '../gitDirectory';
import { SUBMODULE_MODE, type TreeEntry } from '../isolated/entryTree';
import { withIsolatedPlace, type IsolatedGit, type IsolatedPlace } from '../isolated/isolatedGit';
import { encodePaths, pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { readLink } from '../worktreeOwnership';
import type { FileList, ListedFile } from './fileList';

export interface Submodule {
  /** Relative to the worktree, as bytes. */
  path: string;
  /** The content of its `.git` file. */
  link: string;
}

export interface RepositoriesBelow {
  restorable: Submodule[];
  /** Folders of all others, as bytes. */
  others: string[];
  /** The others in words for people. */
  notCaptured: string[];
}

/** Looks at each repository below the worktree; the index's entries tell which are submodules. */
export async function findRepositories(
  staged: readonly TreeEntry[],
  folder: WorktreeFolder,
  { files }: FileList,
): Promise<RepositoriesBelow> {
  const found: RepositoriesBelow = { restorable: [], others: [], notCaptured: [] };
  const links = files.filter(({ path }) => path.endsWith('/.git'));
  if (links.length === 0) return found;
  const submodules = new Set(staged.filter(({ mode }) => mode === SUBMODULE_MODE).map(({ path }) => path));
  const administrativeDirectory = await readLink(folder.path);
  for (const { path: linkPath, kind } of links) {
    const path = linkPath.slice(0, -'/.git'.length);
    const target = join(folder.path, pathToText(path));
    const link = kind === 'file' ? await readFile(join(target, '.git'), 'latin1') : '';
    const place = await placeOf(folder, administrativeDirectory, path, target, link);
    if (!submodules.has(path) || kind !== 'file')
      found.notCaptured.push(`${pathToText(path)}: a repository of its own`);
    else if (place === undefined || !(await isPushedAndRestorable(place, filesBelow(files, path))))
      found.notCaptured.push(`${pathToText(path)}: a submodule with work that is nowhere else`);
    else {
      found.restorable.push({ path, link });
      continue;
    }
    found.others.push(path);
  }
  return found;
}

/**
 * Fills the folders of submodules again, while the worktree lies in another place than the one, `finalPath`, to which
 * their links are relative.
 */
export async function restoreSubmodules(
  folder: WorktreeFolder,
  finalPath: string,
  submodules: readonly Submodule[],
): Promise<void> {
  const administrativeDirectory = await readLink(folder.path);
  for (const { path, link } of submodules) {
    const target = join(folder.path, pathToText(path));
    await mkdir(target, { recursive: true });
    const place = await placeOf(folder, administrativeDirectory, path, join(finalPath, pathToText(path)), link);
    if (place === undefined) continue; // a worktree that was made anew, without what was kept
    await writeFile(join(target, '.git'), link, 'latin1');
    await withIsolatedPlace(place, async (git) => await git.run(['checkout-index', '--all', '--force', '--quiet']), {
      view: 'bytes',
    });
  }
}

/** Undefined where the link in `linkFolder` leads to no git dir below that of the worktree. */
async function placeOf(
  { repository, path: worktreePath, signal }: WorktreeFolder,
  administrativeDirectory: string | undefined,
  path: string,
  linkFolder: string,
  link: string,
): Promise<IsolatedPlace | undefined> {
  if (administrativeDirectory === undefined) return undefined;
  const gitDirectory = await followLink(pathToText(link), linkFolder);
  if (gitDirectory === undefined || !isInside(gitDirectory, join(administrativeDirectory, 'modules'))) return undefined;
  const folder = join(worktreePath, pathToText(path));
  return { git: repository.git, path: folder, gitDirectory, commonDirectory: gitDirectory, signal };
}

/** Without those of repositories in it, which are looked at by themselves. */
function filesBelow(files: readonly ListedFile[], folder: string): ListedFile[] {
  const prefix = `${folder}/`;
  const below = files
    .filter(({ path, kind }) => path.startsWith(prefix) && kind !== 'folder')
    .map((file) => ({ ...file, path: file.path.slice(prefix.length) }));
  const inner = below.filter(({ path }) => path.endsWith('/.git')).map(({ path }) => path.slice(0, -'.git'.length));
  return below.filter(({ path }) => path !== '.git' && !inner.some((each) => path.startsWith(each)));
}

/** A check that cannot run counts as work that would be lost. */
async function isPushedAndRestorable(place: IsolatedPlace, files: readonly ListedFile[]): Promise<boolean> {
  const { git, path, gitDirectory, signal } = place;
  try {
    // The submodule's configuration names the path from which the worktree was moved.
    const options = { environment: { GIT_DIR: gitDirectory, GIT_WORK_TREE: path }, signal };
    const list = async (...command: string[]): Promise<string[]> =>
      (await git.text(path, command, options)).split('\n').filter((line) => line !== '');
    const [head = ''] = await list('rev-parse', '--verify', 'HEAD^{commit}');
    const reflogs = await list('log', '--walk-reflogs', '--all', '--no-show-signature', '--format=%H');
    const own = await list('for-each-ref', '--format=%(objectname)', 'refs/heads', 'refs/tags');
    const pushed = await list('for-each-ref', '--format=%(objectname)', 'refs/remotes');
    const input = [head, ...reflogs, ...own, ...pushed.map((id) => `^${id}`), ''].join('\n');
    return await withIsolatedPlace(
      { ...place, head },
      async (isolated) =>
        (await isolated.text(['rev-list', '--max-count=1', '--stdin'], { input })) === '' &&
        (await holdsAll(isolated, files)),
      { view: 'bytes' },
    );
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return false;
  }
}

/** True where the submodule's index has each file byte for byte, and no other. */
async function holdsAll(git: IsolatedGit, files: readonly ListedFile[]): Promise<boolean> {
  const staged = splitZ((await git.run(['ls-files', '-z', '--stage'])).stdout).filter(
    (line) => !line.startsWith('160000'),
  );
  const present = { index: 'present' };
  if (files.length > 0)
    await git.run(['update-index', '-z', '--add', '--info-only', '--stdin'], {
      ...present,
      input: encodePaths(files.map(({ path }) => path)),
    });
  const found = new Set(splitZ((await git.run(['ls-files', '-z', '--stage'], present)).stdout));
  return found.size === staged.length && staged.every((line) => found.has(line));
}
