import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Git, GitOptions, GitResult } from '../git';
import { gitDirectoryOf } from '../gitDirectory';
import { headCommit, type Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import { diskTraitsOf } from './diskTraits';
import { copyIndex } from './indexCopy';
import { fillIsolatedFolder, isolatedVariables, type View } from './isolatedFolder';
import { objectFormatOf } from './objectFormat';
import { withTemporaryFolder } from './temporaryFolder';
import { readUserSettings, type UserSettings } from './userSettings';

/** As for `Git.run`; `index` names another index of the same call, which is empty at first. */
export interface IsolatedOptions extends Pick<GitOptions, 'input' | 'acceptedExitCodes' | 'environment'> {
  index?: string;
}

/**
 * Git with a private git dir: it reads the worktree's files, a copy of its index and the repository's objects, and
 * nothing else. There are no refs, no HEAD, no filters and no hooks, so that commands are given object ids.
 */
export interface IsolatedGit {
  /** As `Git.run`, in the top folder of the worktree. */
  run(commandArguments: readonly string[], options?: IsolatedOptions): Promise<GitResult>;
  /** As `Git.text`. */
  text(commandArguments: readonly string[], options?: IsolatedOptions): Promise<string>;
  /** True where git may see other bytes than a file has, even without a `.gitattributes` beside it. */
  readonly mayConvert: boolean;
}

export interface IsolationOptions {
  /** How files are seen; `git` where absent. */
  view?: View;
  /** True before anything is emptied: objects are on the disk when the command that writes them ends. */
  isDurable?: boolean;
  /** True for commands that only read: git then reads the index where it is, without a copy. It has to be whole. */
  isIndexInPlace?: boolean;
  /** As `readUserSettings` answered; read anew where absent. */
  settings?: UserSettings;
}

/** A folder with files, the git dir that has its index, and the one that has its objects. */
export interface IsolatedPlace {
  git: Git;
  path: string;
  gitDirectory: string;
  commonDirectory: string;
  /** The commit from which a missing index is made; looked up where absent. */
  head?: string;
  signal: AbortSignal | undefined;
}

/**
 * Calls `use` with a git that looks at the folder's files, captures and restores them. Where the index is missing or
 * torn, the copy is made from HEAD; without a HEAD it is empty.
 */
export async function withIsolatedGit<T>(
  folder: WorktreeFolder,
  use: (git: IsolatedGit) => Promise<T>,
  options: IsolationOptions = {},
): Promise<T> {
  const { repository, path, signal } = folder;
  const { git, commonDirectory } = repository;
  const gitDirectory = (await gitDirectoryOf(path)) ?? commonDirectory;
  return await withIsolatedPlace({ git, path, gitDirectory, commonDirectory, signal }, use, options);
}

/** As `withIsolatedGit`, also for a submodule. */
export async function withIsolatedPlace<T>(
  place: IsolatedPlace,
  use: (git: IsolatedGit) => Promise<T>,
  options: IsolationOptions = {},
): Promise<T> {
  const { view = 'git', isDurable = false, isIndexInPlace = false } = options;
  const { git, path, gitDirectory, commonDirectory, signal } = place;
  return await withTemporaryFolder(async (folder) => {
    const [format, traits, settings] = await Promise.all([
      objectFormatOf(commonDirectory),
      diskTraitsOf(path, gitDirectory),
      options.settings ?? readUserSettings(git, path, gitDirectory, signal),
    ]);
    const [variables, hasIndex] = await Promise.all([
      isolatedVariables(folder, commonDirectory, path),
      isIndexInPlace || copyIndex(gitDirectory, folder, format),
      fillIsolatedFolder(folder, commonDirectory, { format, isDurable, files: { traits, settings, view } }),
    ]);
    const mayConvert = view === 'git' && (await convertsFiles(settings, commonDirectory));
    const index = isIndexInPlace ? { GIT_INDEX_FILE: join(gitDirectory, 'index') } : {};
    const isolated = { ...isolatedGit(git, path, folder, { ...variables, ...index }, signal), mayConvert };
    if (!hasIndex) {
      const head = place.head ?? (await headCommit(git, path));
      if (head !== '') await isolated.run(['read-tree', head]);
    }
    return await use(isolated);
  });
}

/** Calls `use` with a git that sees only the repository's objects: no files, and an empty index. */
export async function withObjects<T>(
  { git, mainWorktree, commonDirectory }: Pick<Repository, 'git' | 'mainWorktree' | 'commonDirectory'>,
  use: (git: IsolatedGit) => Promise<T>,
  { isDurable = false, signal }: { isDurable?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<T> {
  return await withTemporaryFolder(async (folder) => {
    const format = await objectFormatOf(commonDirectory);
    const [variables] = await Promise.all([
      isolatedVariables(folder, commonDirectory, mainWorktree),
      fillIsolatedFolder(folder, commonDirectory, { format, isDurable }),
    ]);
    return await use(isolatedGit(git, mainWorktree, folder, variables, signal));
  });
}

async function convertsFiles({ autocrlf, attributesFile }: UserSettings, commonDirectory: string): Promise<boolean> {
  if (autocrlf !== undefined && !/^(false|no|off|0)$/i.test(autocrlf)) return true;
  const configuration = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const files = [join(commonDirectory, 'info', 'attributes'), attributesFile ?? join(configuration, 'git/attributes')];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file).catch(() => undefined))?.size ?? 0));
  return sizes.some((size) => size > 0);
}

function isolatedGit(
  git: Git,
  path: string,
  folder: string,
  variables: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): IsolatedGit {
  const optionsFor = ({ index, ...options }: IsolatedOptions): GitOptions => ({
    ...options,
    signal,
    isolation: index === undefined ? variables : { ...variables, GIT_INDEX_FILE: join(folder, index) },
  });
  return {
    mayConvert: false,
    run: async (commandArguments, options = {}) => await git.run(path, commandArguments, optionsFor(options)),
    text: async (commandArguments, options = {}) => await git.text(path, commandArguments, optionsFor(options)),
  };
}

/** True where the newer commit follows the older one, or is the same. */
export async function isAncestor(git: IsolatedGit, older: string, newer: string): Promise<boolean> {
  if (older === newer) return true;
  return (await git.run(['merge-base', '--is-ancestor', older, newer], { acceptedExitCodes: [0, 1] })).exitCode === 0;
}
