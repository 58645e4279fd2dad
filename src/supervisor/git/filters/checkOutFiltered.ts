/** Brings files into a worktree as filters make them: where a worktree is made or put back. */
import { readFile, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { hasCode, messageOf } from '../../../common/errors';
import { listTreeEntries, type TreeEntry } from '../isolated/entryTree';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { readUserSettings } from '../isolated/userSettings';
import { encodePaths, pathFromBytes, splitZ } from '../pathBytes';
import { administrativeDirectoryOf, type SessionWorktree } from '../sessionWorktree';
import { exists } from '../worktreeOwnership';
import { canSmudge, readDrivers } from './filterDrivers';
import { failedPath, filterFailed, reasonOf } from './filterErrors';
import { withFilterGit, type FilterGit } from './filterGit';
import { listFilters } from './filteredPaths';
import { resolveFilter } from './filterPrograms';
import { rememberMade } from './madeFiles';

/** What decides which files are made. */
export interface CheckOutOptions {
  /** Whether a filter of this name counts. */
  isFilter: (name: string) => boolean;
  /** Bytes (see `pathBytes`); all files of the tree where absent. */
  paths?: readonly string[];
  /** Files that are made in another way. */
  except?: ReadonlySet<string>;
}

/**
 * Lets filters make the files of the tree that need one, and renews their times in the worktree's index. A filter that
 * nobody allowed, or one that is missing and not required, leaves its files as git has them.
 *
 * @throws WORKTREE_FAILED where a required filter is missing, or one fails; it names the filter and a path
 */
export async function checkOutFiltered(
  worktree: SessionWorktree,
  tree: string,
  { isFilter, paths, except = new Set() }: CheckOutOptions,
): Promise<void> {
  const { repository, path, filters: access, signal } = worktree;
  const drivers = await readDrivers(repository.git, repository.mainWorktree, signal);
  if (drivers.size === 0 || access?.runsNone === true) return;
  const { byFilter, unlikeIndex } = await findPaths(worktree, tree, paths);
  const index = join(administrativeDirectoryOf(worktree), 'index');
  const made: TreeEntry[] = [];
  for (const [name, all] of byFilter) {
    const driver = drivers.get(name);
    const entries = all.filter((each) => !except.has(each.path));
    const filtered = entries.map((each) => each.path);
    if (driver === undefined || !isFilter(name) || !canSmudge(driver) || filtered.length === 0) continue;
    const resolved = await resolveFilter(repository, driver, access?.mayRun ?? (() => Promise.resolve(false)));
    if ('reason' in resolved) {
      if (driver.isRequired && !resolved.isForbidden)
        throw filterFailed('WORKTREE_FAILED', name, filtered[0] ?? '', resolved.reason);
      continue;
    }
    made.push(...entries);
    const place = { repository, path, signal };
    const [ofIndex, ofTree] = [
      filtered.filter((each) => !unlikeIndex.has(each)),
      filtered.filter((each) => unlikeIndex.has(each)),
    ];
    if (ofIndex.length > 0)
      await withFilterGit({ ...place, index }, [resolved], async (git) => await makeFiles(git, name, path, ofIndex));
    if (ofTree.length > 0)
      await withFilterGit(place, [resolved], async (git) => {
        await git.run(['read-tree', tree]);
        await makeFiles(git, name, path, ofTree);
      });
  }
  await rememberMade(worktree, made);
}

async function makeFiles(
  git: FilterGit,
  filter: string,
  worktreePath: string,
  paths: readonly string[],
): Promise<void> {
  // Otherwise git runs the filter the other way first, to see whether the file is changed.
  for (const path of paths) await rm(pathFromBytes(worktreePath, path), { force: true });
  const { exitCode, stderr } = await git.run(['checkout-index', '--force', '--index', '--quiet', '-z', '--stdin'], {
    input: encodePaths(paths),
    acceptedExitCodes: [0, 1, 128],
  });
  if (exitCode !== 0)
    throw filterFailed('WORKTREE_FAILED', filter, failedPath(stderr) ?? paths[0] ?? '', reasonOf(stderr));
}

/** The tree's paths by their filters, and those that the worktree's index has otherwise. */
async function findPaths(
  worktree: SessionWorktree,
  tree: string,
  paths: readonly string[] | undefined,
): Promise<{ byFilter: Map<string, TreeEntry[]>; unlikeIndex: ReadonlySet<string> }> {
  const byFilter = new Map<string, TreeEntry[]>();
  return await withIsolatedGit(worktree, async (git) => {
    const all = await listTreeEntries(git, tree);
    const attributeFiles = all.map((each) => each.path).filter((each) => /(^|\/)\.gitattributes$/.test(each));
    if (!(await mayNameFilters(worktree, attributeFiles))) return { byFilter, unlikeIndex: new Set<string>() };
    const chosen = paths === undefined ? undefined : new Set(paths);
    // Neither a link nor a submodule has a filter, whatever the attributes say.
    const files = all.filter(({ mode, path }) => mode.startsWith('100') && chosen?.has(path) !== false);
    const filters = await listFilters(
      git,
      files.map((each) => each.path),
    );
    for (const entry of files) {
      const filter = filters.get(entry.path);
      if (filter !== undefined) byFilter.set(filter, [...(byFilter.get(filter) ?? []), entry]);
    }
    const differing = ['diff-index', '--cached', '-z', '--name-only', '--no-renames', tree, '--'];
    return { byFilter, unlikeIndex: new Set(splitZ((await git.run(differing)).stdout)) };
  });
}

/** A cheap look, since most repositories have none: whether any file of attributes has the word. */
async function mayNameFilters(worktree: SessionWorktree, attributeFiles: readonly string[]): Promise<boolean> {
  const { repository, path, signal } = worktree;
  const own = join(repository.commonDirectory, 'info', 'attributes');
  const { attributesFile } = await readUserSettings(repository.git, path, administrativeDirectoryOf(worktree), signal);
  const user =
    attributesFile ?? join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'git', 'attributes');
  const files = [own, user, ...attributeFiles.map((each) => pathFromBytes(path, each))];
  for (const file of files) if ((await readFile(file, 'latin1').catch(() => '')).includes('filter')) return true;
  return false;
}

/** Git-crypt seeks its keys in the worktree's own git dir, where git puts none. */
export async function linkKeys(worktree: SessionWorktree): Promise<void> {
  const keys = join(worktree.repository.commonDirectory, 'git-crypt');
  if (!(await exists(keys))) return;
  const isWindows = process.platform === 'win32';
  await symlink(
    isWindows ? keys : join('..', '..', 'git-crypt'),
    join(administrativeDirectoryOf(worktree), 'git-crypt'),
    'junction',
  ).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw new CorralError('WORKTREE_FAILED', messageOf(error), { cause: error });
  });
}
