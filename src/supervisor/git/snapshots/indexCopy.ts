import { createHash } from 'node:crypto';
import { access, constants, lstat, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { mapLimited } from '../../../common/mapLimited';
import type { Git, GitOptions } from '../git';
import { readLink } from '../worktreeOwnership';
import { encodePaths, pathFromBytes, pathToText, splitZ } from '../pathBytes';
import { headCommit } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';

const FILES_AT_ONCE = 64;

/**
 * Calls `use` with the path of a temporary copy of the worktree's index. Where the index is missing or torn it is made
 * from HEAD, and without a HEAD there is no file at that path, which to git is an empty index.
 */
export async function withIndexCopy<T>(
  { repository: { git }, path: worktreePath }: WorktreeFolder,
  use: (indexFile: string) => Promise<T>,
): Promise<T> {
  return withTemporaryFolder(async (folder) => {
    const indexFile = join(folder, 'index');
    const original = join(
      (await readLink(worktreePath)) ?? (await git.text(worktreePath, ['rev-parse', '--absolute-git-dir'])),
      'index',
    );
    const bytes = await readFile(original).catch((error: unknown) => {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (bytes !== undefined && isWhole(bytes)) {
      const { mtimeMs } = await stat(original);
      await writeFile(indexFile, bytes, { mode: 0o600 });
      // Git compares the bytes of files that are not older than the index, so the copy must not be newer than it was.
      // Whole seconds, since many builds of git know no others.
      const seconds = mtimeMs > Date.now() ? 1 : Math.floor(mtimeMs / 1000);
      await utimes(indexFile, seconds, seconds);
    } else {
      const head = await headCommit(git, worktreePath);
      if (head !== '') await git.run(worktreePath, ['read-tree', head], { environment: { GIT_INDEX_FILE: indexFile } });
    }
    return use(indexFile);
  });
}

/** Git ignores the checksum, and reads wrong entries from a torn index (measured). `index.skipHash` writes zeros. */
function isWhole(index: Buffer): boolean {
  return (
    [
      ['sha1', 20],
      ['sha256', 32],
    ] as const
  ).some(([algorithm, bytes]) => {
    const end = index.length - bytes;
    const checksum = index.subarray(end);
    return (
      end > 0 &&
      (checksum.every((byte) => byte === 0) ||
        createHash(algorithm).update(index.subarray(0, end)).digest().equals(checksum))
    );
  });
}

export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'corral-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * Updates an index copy to the worktree's files and writes its tree. `git add` would fail as a whole for one unreadable
 * file or one nested repository without a commit, and runs `git status` with each submodule's own configuration.
 */
export async function captureTree(
  { repository: { git }, path: worktreePath, signal }: WorktreeFolder,
  indexFile: string,
): Promise<{ tree: string; notCaptured: string[] }> {
  const copy = { environment: { GIT_INDEX_FILE: indexFile }, signal };
  const listChanged = async (options: GitOptions): Promise<string[]> =>
    splitZ(
      (
        await git.run(
          worktreePath,
          ['diff-files', '-z', '--name-only', '--no-renames', '--ignore-submodules=dirty'],
          options,
        )
      ).stdout,
    );
  // At the same time, since each is one process and `diff-files` uses several threads.
  const [{ options, firstChanged }, { untracked, unmerged, hidden }] = await Promise.all([
    git.readFilters(worktreePath, signal).then(async (filters) => {
      const withFilters = { ...copy, filters };
      return { options: withFilters, firstChanged: await listChanged(withFilters) };
    }),
    listBesideChanged(git, worktreePath, copy),
  ]);
  const isShown = await showHidden(git, worktreePath, hidden, options);
  const paths = new Set([...(isShown ? await listChanged(options) : firstChanged), ...untracked, ...unmerged]);

  const [gone, present, notCaptured]: [string[], string[], string[]] = [[], [], []];
  const realFolders = new Map<string, Promise<boolean>>();
  await mapLimited([...paths], FILES_AT_ONCE, async (path) => {
    const stats = (await isBelowRealFolders(worktreePath, path, realFolders))
      ? await lstat(pathFromBytes(worktreePath, path)).catch(() => undefined)
      : undefined;
    // A submodule is listed as its folder. Any other folder has replaced a file.
    if (stats === undefined || (stats.isDirectory() && !(await isPresent(worktreePath, `${path}/.git`))))
      gone.push(path);
    else if (!stats.isFile() || (await isReadable(worktreePath, path))) present.push(path);
    else notCaptured.push(pathToText(path));
  });
  for (const list of [gone, present, notCaptured]) list.sort(); // looked at in any order
  // Before the others: where a folder became a file, git refuses entries below it.
  if (gone.length > 0)
    await git.run(worktreePath, ['update-index', '-z', '--force-remove', '--stdin'], {
      ...options,
      input: encodePaths(gone),
    });
  if (present.length > 0) {
    const { stderr } = await git.run(
      worktreePath,
      ['update-index', '-z', '--add', '--remove', '--replace', '--stdin'],
      {
        ...options,
        input: encodePaths(present),
      },
    );
    // Nested repositories, and names that git does not allow in a tree.
    notCaptured.push(...stderr.split('\n').flatMap((line) => /^Ignoring path (.+)$/.exec(line)?.[1] ?? []));
  }
  return { tree: await git.text(worktreePath, ['write-tree'], options), notCaptured };
}

/** Paths that git takes for unchanged because of a flag in the index. */
interface HiddenPaths {
  /** With the flag `assume-unchanged`. */
  assumed: string[];
  /** With the flag `skip-worktree`, although the file is there. */
  skipped: string[];
}

/** Lists what `diff-files` does not: untracked files, hidden ones, and paths in conflict, which a tree cannot hold. */
async function listBesideChanged(
  git: Git,
  worktreePath: string,
  options: GitOptions,
): Promise<{ untracked: string[]; unmerged: string[]; hidden: HiddenPaths }> {
  const [untracked, unmerged, assumed, skipped]: [string[], string[], string[], string[]] = [[], [], [], []];
  const listing = ['ls-files', '-z', '-v', '--cached', '--others', '--exclude-standard'];
  for (const line of splitZ((await git.run(worktreePath, listing, options)).stdout)) {
    const tag = line.charAt(0);
    if (tag === 'H') continue; // nearly all of them
    const path = line.slice(2);
    if (tag === '?') untracked.push(path);
    if (/m/i.test(tag)) unmerged.push(path);
    if (/[a-z]/.test(tag)) assumed.push(path);
    if (/s/i.test(tag) && (await isPresent(worktreePath, path))) skipped.push(path);
  }
  return { untracked, unmerged, hidden: { assumed, skipped } };
}

/** Clears both flags in the copy, since a snapshot hides nothing. False where no path has one. */
async function showHidden(
  git: Git,
  worktreePath: string,
  { assumed, skipped }: HiddenPaths,
  options: GitOptions,
): Promise<boolean> {
  for (const [flag, paths] of [
    ['--no-assume-unchanged', assumed],
    ['--no-skip-worktree', skipped],
  ] as const) {
    if (paths.length > 0)
      await git.run(worktreePath, ['update-index', '-z', flag, '--stdin'], { ...options, input: encodePaths(paths) });
  }
  return assumed.length + skipped.length > 0;
}

async function isBelowRealFolders(
  worktreePath: string,
  path: string,
  known: Map<string, Promise<boolean>>,
): Promise<boolean> {
  const parent = path.replace(/\/$/, '').split('/').slice(0, -1).join('/');
  if (parent === '') return true;
  const answer =
    known.get(parent) ??
    isBelowRealFolders(worktreePath, parent, known).then(
      async (isReal) =>
        isReal &&
        (await lstat(pathFromBytes(worktreePath, parent)).then(
          (stats) => stats.isDirectory(),
          () => false,
        )),
    );
  known.set(parent, answer);
  return answer;
}

async function isPresent(worktreePath: string, path: string): Promise<boolean> {
  return lstat(pathFromBytes(worktreePath, path)).then(
    () => true,
    () => false,
  );
}

async function isReadable(worktreePath: string, path: string): Promise<boolean> {
  return access(pathFromBytes(worktreePath, path), constants.R_OK).then(
    () => true,
    () => false,
  );
}
