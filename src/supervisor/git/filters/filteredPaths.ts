import { lstat } from 'node:fs/promises';
import type { FilteredFile } from './keptFiles';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { encodePaths, pathFromBytes, splitZ } from '../pathBytes';

/** Such paths can be named in arguments on every system. */
const MAX_NAMED_PATHS = 100;
const isNameable = (path: string): boolean => /^[ -~]{1,200}$/.test(path);

/**
 * The filter that an attribute names for each of the paths that has one. It runs none; with `isIndex`, it reads
 * attributes from the index in place of the worktree.
 */
export async function listFilters(
  git: IsolatedGit,
  paths: readonly string[],
  { isIndex = false }: { isIndex?: boolean } = {},
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (paths.length === 0) return found;
  const listing = ['check-attr', ...(isIndex ? ['--cached'] : []), '-z', '--stdin', 'filter'];
  const fields = splitZ((await git.run(listing, { input: encodePaths(paths) })).stdout);
  for (let index = 0; index + 2 < fields.length; index += 3) {
    const [path = '', , filter = ''] = fields.slice(index, index + 3);
    if (!['unspecified', 'unset', 'set', ''].includes(filter)) found.set(path, filter);
  }
  return found;
}

/**
 * Those of the paths whose files are as git checked them out or added them, by size, times and inode. A filter would
 * have to run to compare their content.
 */
export async function listAsCheckedOut(
  git: IsolatedGit,
  worktreePath: string,
  paths: readonly string[],
): Promise<Set<string>> {
  const same = new Set<string>();
  if (paths.length === 0) return same;
  const wanted = new Set(paths);
  const areNamed = paths.length <= MAX_NAMED_PATHS && paths.every(isNameable);
  const names = areNamed ? paths.map((path) => `:(top,literal)${path}`) : [];
  const listed = (await git.run(['ls-files', '-z', '--debug', '--cached', '--', ...names])).stdout.toString('latin1');
  // Each entry is its path, a NUL, and lines that begin with two spaces.
  for (const match of listed.matchAll(/([^\0]+)\0((?: {2}[^\n]*\n)+)/g)) {
    const [, path = '', lines = ''] = match;
    if (wanted.has(path) && (await hasStats(worktreePath, path, lines))) same.add(path);
  }
  return same;
}

async function hasStats(worktreePath: string, path: string, lines: string): Promise<boolean> {
  const stats = await lstat(pathFromBytes(worktreePath, path), { bigint: true }).catch(() => undefined);
  if (stats?.isFile() !== true) return false;
  const timeOf = (name: string): bigint => {
    const [, seconds = '0', nanoseconds = '0'] = new RegExp(`^ {2}${name}: (\\d+):(\\d+)$`, 'm').exec(lines) ?? [];
    return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
  };
  const numberOf = (name: string): bigint => BigInt(new RegExp(`${name}: (\\d+)`).exec(lines)?.[1] ?? '-1');
  const low = (value: bigint): bigint => value & 0xffffffffn;
  return (
    timeOf('mtime') === stats.mtimeNs &&
    numberOf('size') === low(stats.size) &&
    // On Windows git keeps neither.
    (process.platform === 'win32' || (timeOf('ctime') === stats.ctimeNs && numberOf('ino') === low(stats.ino)))
  );
}

/** Those of the present paths for which an attribute names one of these filters. Only regular files have one. */
export async function findFiltered(
  git: IsolatedGit,
  worktreePath: string,
  paths: readonly string[],
  isFilter: (name: string) => boolean,
): Promise<{ changed: FilteredFile[]; all: ReadonlySet<string> }> {
  const filters = await listFilters(git, paths);
  const files: FilteredFile[] = [];
  for (const [path, filter] of filters) {
    const stats = isFilter(filter) ? await lstat(pathFromBytes(worktreePath, path)).catch(() => undefined) : undefined;
    if (stats?.isFile() === true) files.push({ path, filter, mode: (stats.mode & 0o100) === 0 ? '100644' : '100755' });
  }
  const all = new Set(files.map(({ path }) => path));
  const same = await listAsCheckedOut(git, worktreePath, [...all]);
  return { changed: files.filter(({ path }) => !same.has(path)), all };
}
