import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readlink, realpath } from 'node:fs/promises';
import { basename } from 'node:path';
import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { pathFromBytes, pathToText, splitZ } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';

/** Folders that tools fill again from what is in the repository. No other ignored folder may go with a worktree. */
const GENERATED_FOLDERS: ReadonlySet<string> = new Set([
  'node_modules',
  'target',
  'dist',
  'build',
  'out',
  'coverage',
  'obj',
  '__pycache__',
  'venv',
  '.venv',
  '.tox',
  '.gradle',
  '.next',
  '.nuxt',
  '.turbo',
  '.cache',
  '.parcel-cache',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
]);
const PIECE_BYTES = 2 ** 20;
const GENERATED_FILES = /(^\.DS_Store|^Thumbs\.db|\.(pyc|pyo|o|obj|class|tsbuildinfo))$/;

export interface IgnoredFiles {
  /** Paths (see `pathBytes`) that exist nowhere else. A folder that is ignored as a whole ends in `/`. */
  work: string[];
  /** Paths that tools make again, or that are the same in the main worktree. */
  replaceable: string[];
}

/** Finds what git ignores in a worktree, and what no snapshot holds for that reason. */
export async function findIgnoredFiles(folder: WorktreeFolder): Promise<IgnoredFiles> {
  return await withIsolatedGit(folder, async (git) => await listIgnoredFiles(git, folder));
}

async function listIgnoredFiles(
  git: IsolatedGit,
  { repository: { mainWorktree }, path: worktreePath }: WorktreeFolder,
): Promise<IgnoredFiles> {
  const listing = [
    'ls-files',
    '-z',
    '--others',
    '--ignored',
    '--exclude-standard',
    '--directory',
    '--no-empty-directory',
  ];
  const paths = splitZ((await git.run(listing)).stdout);
  const found: IgnoredFiles = { work: [], replaceable: [] };
  for (const path of paths) {
    // Such a link holds nothing of the worktree's own.
    if (await isLinked(pathFromBytes(worktreePath, path), pathFromBytes(mainWorktree, path))) continue;
    const name = pathToText(basename(path));
    const isReplaceable = path.endsWith('/')
      ? GENERATED_FOLDERS.has(name)
      : GENERATED_FILES.test(name) ||
        (await isSame(pathFromBytes(worktreePath, path), pathFromBytes(mainWorktree, path)));
    (isReplaceable ? found.replaceable : found.work).push(path);
  }
  return found;
}

/** True for a link to the main worktree's own folder. */
async function isLinked(path: string | Buffer, folder: string | Buffer): Promise<boolean> {
  if ((await lstat(path).catch(() => undefined))?.isSymbolicLink() !== true) return false;
  const [target, real] = await Promise.all(
    [path, folder].map(async (each) => await realpath(each).catch(() => undefined)),
  );
  return target !== undefined && target === real && (await lstat(target)).isDirectory();
}

async function isSame(one: string | Buffer, other: string | Buffer): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(async (path) => lstat(path).catch(() => undefined)));
  if (first === undefined || second === undefined || first.size !== second.size || first.mode !== second.mode)
    return false;
  if (first.isSymbolicLink()) return (await readlink(one)) === (await readlink(other));
  return first.isFile() && (await holdSame(one, other).catch(() => false));
}

/** Compares piece by piece, since ignored files are often databases and models of many GB. */
async function holdSame(one: string | Buffer, other: string | Buffer): Promise<boolean> {
  await using first = await open(one);
  await using second = await open(other);
  const [firstPiece, secondPiece] = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)];
  for (;;) {
    const [firstLength, secondLength] = [await fill(first, firstPiece), await fill(second, secondPiece)];
    if (!firstPiece.subarray(0, firstLength).equals(secondPiece.subarray(0, secondLength))) return false;
    if (firstLength < PIECE_BYTES) return true;
  }
}

/** Fills the piece as far as the file goes; one read may bring less than there is. */
async function fill(file: FileHandle, piece: Buffer): Promise<number> {
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(piece, length, piece.length - length);
    length += bytesRead;
    if (bytesRead === 0 || length === piece.length) return length;
  }
}
