import { lstat } from 'node:fs/promises';
import type { TreeEntry } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { encodePaths, pathFromBytes, quotePath, splitZ } from '../pathBytes';
import type { SessionWorktree } from '../sessionWorktree';
import { canSmudge, readDrivers } from './filterDrivers';
import { resolveFilter } from './filterPrograms';
import { listFilters } from './filteredPaths';
import type { FilteredFile } from './keptFiles';
import { isAsMade, readMade } from './madeFiles';

export interface UnchangedFiles {
  /** Paths of all that have a filter and need not be kept as they are: a checkout makes them again. */
  asMade: ReadonlySet<string>;
  /** Their bytes are nowhere else: a checkout may make others of their objects. */
  others: FilteredFile[];
}

interface Candidate extends TreeEntry {
  filter: string;
  isProgram: boolean;
  bytes: number;
}

/**
 * Sorts the files with a filter that git takes for unchanged, as it does with each that cleans to its object, whatever
 * its line ends are. Those that are their objects byte for byte are in neither list.
 */
export async function sortUnchanged(
  git: IsolatedGit,
  worktree: SessionWorktree,
  unchanged: readonly TreeEntry[],
  isFilter: (name: string) => boolean,
): Promise<UnchangedFiles> {
  const candidates = await findCandidates(git, worktree.path, unchanged, isFilter);
  const asStored = await findAsStored(git, candidates);
  const rest = candidates.filter(({ path }) => !asStored.has(path));
  const asMade = await findAsMade(git, worktree, rest);
  const others = rest.filter(({ path }) => !asMade.has(path));
  return {
    asMade,
    others: others.map(({ path, filter, isProgram }) => ({
      path,
      filter,
      mode: isProgram ? '100755' : '100644',
      isUnchanged: true,
    })),
  };
}

async function findCandidates(
  git: IsolatedGit,
  worktreePath: string,
  entries: readonly TreeEntry[],
  isFilter: (name: string) => boolean,
): Promise<Candidate[]> {
  const regular = entries.filter(({ mode }) => mode.startsWith('100'));
  const filters = await listFilters(
    git,
    regular.map(({ path }) => path),
  );
  const found: Candidate[] = [];
  for (const entry of regular) {
    const filter = filters.get(entry.path);
    if (filter === undefined || !isFilter(filter)) continue;
    const stats = await lstat(pathFromBytes(worktreePath, entry.path)).catch(() => undefined);
    if (stats?.isFile() !== true) continue;
    found.push({ ...entry, filter, isProgram: (stats.mode & 0o100) !== 0, bytes: stats.size });
  }
  return found;
}

/** Paths whose files are their objects byte for byte. Only files of the objects' lengths are read. */
async function findAsStored(git: IsolatedGit, files: readonly Candidate[]): Promise<Set<string>> {
  if (files.length === 0) return new Set();
  const ids = files.map(({ objectId }) => `${objectId}\n`).join('');
  const sizes = (await git.text(['cat-file', '--batch-check=%(objectsize)'], { input: ids })).split('\n');
  const alike = files.filter(({ bytes }, index) => sizes[index] === String(bytes));
  if (alike.length === 0) return new Set();
  const input = alike.map(({ path }) => `${quotePath(path)}\n`).join('');
  const hashes = (await git.text(['hash-object', '--no-filters', '--stdin-paths'], { input })).split('\n');
  return new Set(alike.filter(({ objectId }, index) => hashes[index] === objectId).map(({ path }) => path));
}

/** Paths of files that a filter made, and would make again: nothing else converts them, and it may run. */
async function findAsMade(
  git: IsolatedGit,
  worktree: SessionWorktree,
  files: readonly Candidate[],
): Promise<Set<string>> {
  const found = new Set<string>();
  const made = files.length === 0 ? new Map<string, never>() : await readMade(worktree);
  if (made.size === 0) return found;
  const { repository, signal, filters: access } = worktree;
  const drivers = await readDrivers(repository.git, repository.mainWorktree, signal);
  const runnable = new Set<string>();
  for (const name of new Set(files.map(({ filter }) => filter))) {
    const driver = drivers.get(name);
    if (driver === undefined || !canSmudge(driver)) continue;
    const resolved = await resolveFilter(repository, driver, access?.mayRun ?? (() => Promise.resolve(false)));
    if (!('reason' in resolved)) runnable.add(name);
  }
  const converted = await listConverted(
    git,
    files.map(({ path }) => path),
  );
  for (const file of files)
    if (runnable.has(file.filter) && !converted.has(file.path) && (await isAsMade(made, worktree.path, file)))
      found.add(file.path);
  return found;
}

/** Those of the paths that settings and attributes may convert besides their filter. */
async function listConverted(git: IsolatedGit, paths: readonly string[]): Promise<Set<string>> {
  const listing = ['check-attr', '-z', '--stdin', 'text', 'ident', 'working-tree-encoding'];
  const fields = splitZ((await git.run(listing, { input: encodePaths(paths) })).stdout);
  const converted = new Set<string>();
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [path = '', attribute, value = ''] = fields.slice(index, index + 3);
    const isOff = value === 'unset' || (value === 'unspecified' && attribute !== 'text');
    if (!isOff) converted.add(path);
  }
  return converted;
}
