import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { excludeFromRepository } from './exclusions';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { foldersAbove, pathFromBytes, pathToText, splitZ } from '../pathBytes';
import type { Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import { rememberCopies } from '../snapshots/includedCopies';
import { exists } from '../worktreeOwnership';

const INCLUDE_FILE = '.worktreeinclude';

/** Ignored files and folders of the main worktree that a new worktree needs, as patterns of `.gitignore`. */
export interface WantedFiles {
  /** Files to copy. */
  include: readonly string[];
  /** Folders that are too big to copy, to which the worktree gets a link. */
  link: readonly string[];
}

/** Copies or links ignored files of the main worktree into a worktree. What is there already stays as it is. */
export async function copyIgnoredFiles(worktree: WorktreeFolder, { include, link }: WantedFiles): Promise<void> {
  await linkFolders(worktree, link);
  await copyIncludedFiles(worktree, include);
}

/**
 * Links to ignored folders of the main worktree, such as `node_modules`, which all sessions then share: what an agent
 * writes there, all see.
 */
async function linkFolders(worktree: WorktreeFolder, patterns: readonly string[]): Promise<void> {
  if (patterns.length === 0) return;
  const { path: worktreePath } = worktree;
  const { repository } = worktree;
  const { mainWorktree } = repository;
  const [wanted, ignored] = await withIsolatedGit({ repository, path: mainWorktree }, async (git) => {
    const list = async (...exclusions: string[]): Promise<string[]> =>
      (await listIgnored(git, '--directory', ...exclusions)).filter((path) => path.endsWith('/'));
    return await Promise.all([list(...patterns.map((each) => `--exclude=${each}`)), list('--exclude-standard')]);
  });
  const linked: string[] = [];
  for (const folder of wanted.filter((path) => ignored.some((each) => path.startsWith(each)))) {
    const path = folder.slice(0, -1);
    if (!(await makeFolderFor(worktreePath, path))) continue;
    const isMade = await symlink(pathFromBytes(mainWorktree, path), pathFromBytes(worktreePath, path), 'junction').then(
      () => true,
      (error: unknown) => {
        if (hasCode(error, 'EEXIST')) return false;
        throw error;
      },
    );
    if (isMade) linked.push(path);
  }
  await excludeLinks(worktree, linked);
}

/** A pattern such as `node_modules/` matches only folders, so that `git add --all` would add the link to a commit. */
async function excludeLinks(
  { repository, path: worktreePath }: WorktreeFolder,
  links: readonly string[],
): Promise<void> {
  if (links.length === 0) return;
  const untracked = await withIsolatedGit({ repository, path: worktreePath }, async (git) => {
    return new Set(splitZ((await git.run(['ls-files', '-z', '--others', '--exclude-standard'])).stdout));
  });
  for (const path of links) if (untracked.has(path)) await excludeFromRepository(repository, pathToText(path));
}

/** Copies the files of `listIncludedFiles`. None is copied over another. */
async function copyIncludedFiles(
  { repository, path: worktreePath }: WorktreeFolder,
  patterns: readonly string[],
): Promise<void> {
  const copied: string[] = [];
  for (const path of await listIncludedFiles(repository, patterns)) {
    if (!(await makeFolderFor(worktreePath, path))) continue;
    if (await copy(repository.mainWorktree, worktreePath, path)) copied.push(path);
  }
  await rememberCopies(worktreePath, copied);
}

/**
 * Paths (bytes) of ignored files of the main worktree (`.env`, local settings) that a pattern of `.worktreeinclude` or
 * of `patterns` matches.
 */
export async function listIncludedFiles(repository: Repository, patterns: readonly string[]): Promise<string[]> {
  const { mainWorktree } = repository;
  const hasFile = await exists(join(mainWorktree, INCLUDE_FILE));
  if (!hasFile && patterns.length === 0) return [];
  const exclusions = patterns.map((pattern) => `--exclude=${pattern}`);
  if (hasFile) exclusions.unshift(`--exclude-from=${INCLUDE_FILE}`);
  const [wanted, ignoredPaths] = await withIsolatedGit({ repository, path: mainWorktree }, async (git) => {
    const wanted = await listIgnored(git, ...exclusions);
    return [wanted, wanted.length === 0 ? [] : await listIgnored(git, '--exclude-standard')] as const;
  });
  // Untracked files that are not ignored are work: only `copyUncommittedChanges` copies them.
  const ignored = new Set(ignoredPaths);
  return wanted.filter((path) => ignored.has(path) && !path.endsWith('/'));
}

/** Writes an ignored file that came from another computer. False where something is at its place already. */
export async function placeIncludedFile(
  worktreePath: string,
  path: string,
  { content, isExecutable }: { content: Uint8Array; isExecutable: boolean },
): Promise<boolean> {
  if (!(await makeFolderFor(worktreePath, path))) return false;
  const options = { flag: 'wx', mode: isExecutable ? 0o700 : 0o600 };
  try {
    await writeFile(pathFromBytes(worktreePath, path), content, options);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
    return false;
  }
  await rememberCopies(worktreePath, [path]);
  return true;
}

async function listIgnored(git: IsolatedGit, ...options: string[]): Promise<string[]> {
  return splitZ((await git.run(['ls-files', '-z', '--others', '--ignored', ...options])).stdout);
}

/** Copies a file or a link. False where it is gone by now, or something is at its place already. */
async function copy(from: string, to: string, path: string): Promise<boolean> {
  const [source, target] = [pathFromBytes(from, path), pathFromBytes(to, path)];
  try {
    const stats = await lstat(source);
    if (stats.isSymbolicLink()) await symlink(await readlink(source), target);
    else if (stats.isFile()) await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    return true;
  } catch (error) {
    if (!hasCode(error, 'EEXIST') && !hasCode(error, 'ENOENT')) throw error;
    return false;
  }
}

/** Makes the folders above a file. False where one of them is a link or a file: nothing may be written through it. */
async function makeFolderFor(worktreePath: string, path: string): Promise<boolean> {
  for (const above of foldersAbove(path)) {
    const folder = pathFromBytes(worktreePath, above);
    await mkdir(folder).catch((error: unknown) => {
      if (!hasCode(error, 'EEXIST')) throw error;
    });
    if (!(await lstat(folder)).isDirectory()) return false;
  }
  return true;
}
