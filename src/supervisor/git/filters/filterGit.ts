import { appendFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isFolder } from '../../../common/disks/pathState';
import { diskTraitsOf } from '../isolated/diskTraits';
import { gitDirectoryOf } from '../gitDirectory';
import { fillIsolatedFolder, isolatedVariables } from '../isolated/isolatedFolder';
import { objectFormatOf } from '../isolated/objectFormat';
import { withTemporaryFolder } from '../isolated/temporaryFolder';
import { readUserSettings } from '../isolated/userSettings';
import type { Git, GitOptions, GitResult } from '../git';
import type { Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import type { Setting } from '../safeConfiguration';
import { escapeQuotes, isUsersOwn, parseSettings, quoteValue, type ListedSetting } from '../settingText';
import { shellWord, type AllowedFilter } from './filterPrograms';

/** A filter that takes longer than this for one command of git hangs. Large files are fetched by Git LFS meanwhile. */
const FILTER_LIMIT_MS = 10 * 60_000;

/** What Git LFS needs of the user's settings to fetch files: addresses and ways to sign in. `lfs.extension` never. */
const USER_SETTINGS = /^(?!lfs\.extension\.)(lfs|credential|http|https|ssh|url|user|core\.(sshcommand|askpass))(\.|$)/i;
const REPOSITORY_SETTINGS = /^(remote\..*\.(url|lfsurl)|lfs\.(url|fetchinclude|fetchexclude))$/i;

/** Git with a private git dir in which only the given filters can run. */
export interface FilterGit {
  run(
    commandArguments: readonly string[],
    options?: Pick<GitOptions, 'input' | 'acceptedExitCodes'>,
  ): Promise<GitResult>;
}

export interface FilterPlace {
  repository: Repository;
  /** The folder with the files, in which filters run. */
  path: string;
  /** The index to use; an empty one of its own where absent. */
  index?: string;
  /** A line of attributes that holds before all others. */
  attributes?: string;
  signal?: AbortSignal | undefined;
}

/**
 * Calls `use` with a git that runs these filters and no other program. Each of its commands has a limit of
 * time, after which all that it started is ended.
 */
export async function withFilterGit<T>(
  place: FilterPlace,
  filters: readonly AllowedFilter[],
  use: (git: FilterGit) => Promise<T>,
): Promise<T> {
  const { repository, path, index, signal } = place;
  return await withFilterFolder(place, filters, async (variables) => {
    const isolation = { ...variables, ...(index === undefined ? {} : { GIT_INDEX_FILE: index }) };
    return await use({
      run: async (commandArguments, options = {}) =>
        await repository.git.run(path, commandArguments, {
          ...options,
          signal,
          isolation,
          filterLimitMs: FILTER_LIMIT_MS,
        }),
    });
  });
}

/** Options with which a git of the user's checkout runs these filters, and no others. */
export type FilterOptions = Pick<GitOptions, 'filters' | 'filterLimitMs'>;

/** As `withFilterGit`, for commands on the repository itself: each filter reads the private git dir all the same. */
export async function withFilterOptions<T>(
  { repository, path }: WorktreeFolder,
  filters: readonly AllowedFilter[],
  use: (options: FilterOptions) => Promise<T>,
): Promise<T> {
  const all = await repository.git.readFilters(path);
  if (filters.length === 0) return await use({ filters: all });
  // To git an empty `process` hides the other commands of a filter, so that it is set only where there is one to hide.
  const configured = new Set((await listSettings(repository.git, path, undefined)).map(({ key }) => key));
  const sections = new Set(filters.map(({ name }) => `filter.${name}`));
  const off = all.filter(([key]) => configured.has(key) || !sections.has(key.slice(0, key.lastIndexOf('.'))));
  return await withFilterFolder({ repository, path }, filters, async (variables) => {
    const isolated = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_CONFIG_GLOBAL', 'GIT_CONFIG_NOSYSTEM'];
    const prefix = isolated.map((name) => `${name}=${shellWord(variables[name] ?? '')} `).join('');
    const settings = filters.flatMap((filter) =>
      settingsOf(filter).map(([key, value]): Setting => [key, key.endsWith('.required') ? value : prefix + value]),
    );
    return await use({ filters: [...off, ...settings], filterLimitMs: FILTER_LIMIT_MS });
  });
}

/** Fills a private git dir whose configuration has these filters; `use` gets the variables that name it. */
async function withFilterFolder<T>(
  { repository, path, attributes, signal }: FilterPlace,
  filters: readonly AllowedFilter[],
  use: (variables: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  const { git, commonDirectory } = repository;
  return await withTemporaryFolder(async (folder) => {
    const gitDirectory = (await gitDirectoryOf(path)) ?? commonDirectory;
    const [format, traits, settings] = await Promise.all([
      objectFormatOf(commonDirectory),
      diskTraitsOf(path, gitDirectory),
      readUserSettings(git, path, gitDirectory, signal),
    ]);
    await fillIsolatedFolder(folder, commonDirectory, {
      format,
      isDurable: false,
      files: { traits, settings, view: 'git' },
    });
    if (attributes !== undefined) await appendFile(join(folder, 'info', 'attributes'), `${attributes}\n`, 'latin1');
    await appendFile(join(folder, 'config'), await configurationOf(git, repository, filters, signal));
    const userFile = join(folder, 'user-config');
    await writeFile(userFile, await userConfiguration(git, path, signal), { mode: 0o600 });
    // Where git-crypt looks for its keys.
    if (await isFolder(join(commonDirectory, 'git-crypt')))
      await symlink(join(commonDirectory, 'git-crypt'), join(folder, 'git-crypt'), 'junction');
    return await use({ ...(await isolatedVariables(folder, commonDirectory, path)), GIT_CONFIG_GLOBAL: userFile });
  });
}

function settingsOf({ name, clean, smudge, process: text }: AllowedFilter): Setting[] {
  const commands = Object.entries({ clean, smudge, process: text }).flatMap(([property, command]): Setting[] =>
    command === undefined ? [] : [[`filter.${name}.${property}`, command]],
  );
  // Otherwise a filter that fails would let the file pass as it is.
  return [...commands, [`filter.${name}.required`, 'true']];
}

async function configurationOf(
  git: Git,
  { mainWorktree, commonDirectory }: Repository,
  filters: readonly AllowedFilter[],
  signal: AbortSignal | undefined,
): Promise<string> {
  const entries = filters.flatMap(settingsOf);
  if (await isFolder(join(commonDirectory, 'lfs'))) entries.push(['lfs.storage', join(commonDirectory, 'lfs')]);
  for (const { source, key, value } of await listSettings(git, mainWorktree, signal))
    if (source === 'local' && REPOSITORY_SETTINGS.test(key)) entries.push([key, value]);
  return entries.map(([key, value]) => configurationLines(key, value)).join('');
}

async function userConfiguration(git: Git, folder: string, signal: AbortSignal | undefined): Promise<string> {
  return (await listSettings(git, folder, signal))
    .filter((setting) => isUsersOwn(setting) && USER_SETTINGS.test(setting.key))
    .map(({ key, value }) => configurationLines(key, value))
    .join('');
}

async function listSettings(git: Git, folder: string, signal: AbortSignal | undefined): Promise<ListedSetting[]> {
  const { stdout } = await git.run(folder, ['config', '--null', '--show-scope', '--list'], { signal });
  return parseSettings(stdout);
}

/** One setting, as git's configuration files have it. */
function configurationLines(key: string, value: string): string {
  const [start, end] = [key.indexOf('.'), key.lastIndexOf('.')];
  const section = key.slice(0, start);
  const name = start === end ? section : `${section} "${escapeQuotes(key.slice(start + 1, end))}"`;
  return `[${name}]\n\t${key.slice(end + 1)} = ${quoteValue(value)}\n`;
}
