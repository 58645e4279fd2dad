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
 * Runs `use` with the path of a copy of the worktree's index, and takes the copy away after. Where the index is missing or torn, it is one made
 * from HEAD instead; with no HEAD there is no file at that path, which is an empty index to git.
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
      // A file that changed right after it was added is told by comparing its time with the index's. With the copy's own, later time such a
      // change would be missing from the snapshot; with an earlier one git compares bytes. Whole seconds, as many builds of git know no others.
      const seconds = mtimeMs > Date.now() ? 1 : Math.floor(mtimeMs / 1000);
      await utimes(indexFile, seconds, seconds);
    } else {
      const head = await headCommit(git, worktreePath);
      if (head !== '') await git.run(worktreePath, ['read-tree', head], { environment: { GIT_INDEX_FILE: indexFile } });
    }
    return use(indexFile);
  });
}

/** Git itself does not look at the checksum, and takes a torn index for one with other entries (measured). No checksum: `index.skipHash`. */
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
 * Brings an index copy to the state of the worktree's files and writes its tree. By `update-index` and not by `git add`, which starts
 * a `git status` in each submodule (with the submodule's own config), fails there once the worktree has moved, and fails as a whole
 * for one nested repository without a commit or one file that cannot be read.
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
  // Side by side, since each can look on a processor of its own; `diff-files` does so with several threads.
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
    // A submodule is listed as its folder. Any other folder stands where a file was.
    if (stats === undefined || (stats.isDirectory() && !(await isPresent(worktreePath, `${path}/.git`))))
      gone.push(path);
    else if (!stats.isFile() || (await isReadable(worktreePath, path))) present.push(path);
    else notCaptured.push(pathToText(path));
  });
  for (const list of [gone, present, notCaptured]) list.sort(); // whichever was looked at first, the answer is the same
  // A folder that became a file: its entries go first, as git refuses to look "beyond" what is no folder any more.
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
    // Nested repositories, and names that git does not let into a tree.
    notCaptured.push(...stderr.split('\n').flatMap((line) => /^Ignoring path (.+)$/.exec(line)?.[1] ?? []));
  }
  return { tree: await git.text(worktreePath, ['write-tree'], options), notCaptured };
}

/** Flags of the index by which git takes a file for unchanged. */
interface HiddenPaths {
  assumed: string[];
  skipped: string[];
}

/**
 * What a comparison of index and files does not tell: untracked files, hidden ones, and the paths in conflict, which a tree cannot hold, whether git
 * takes them for changed or not.
 */
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

/** A snapshot hides nothing, so in the copy "assume unchanged" and "skip worktree" go where the file is there. False where there are none. */
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
