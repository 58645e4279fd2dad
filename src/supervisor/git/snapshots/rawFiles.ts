import { access, constants, lstat, rm, writeFile } from 'node:fs/promises';
import { pathFromBytes, pathToText, quotePath, splitZ } from '../pathBytes';
import { writeCommit } from './snapshotRef';
import { writeEntryTree, type TreeEntry } from '../isolated/entryTree';
import type { IsolatedGit } from '../isolated/isolatedGit';
import { mapLimited } from '../../../common/mapLimited';

const MAX_BATCH_BYTES = 32 << 20;
const FILES_AT_ONCE = 64;

interface ExaminedFile {
  path: string;
  /** As in a tree (`100644`, `100755`); undefined on Windows, where files have no executable bit. */
  mode: string | undefined;
  isReadable: boolean;
}

/**
 * Writes a commit with the bytes and the executable bit of every regular file in `staged` but `except`, which line ends
 * and encodings change in git's own view. It takes disk space only for files in which the two differ.
 */
export async function captureRawFiles(
  git: IsolatedGit,
  worktreePath: string,
  staged: readonly TreeEntry[],
  except: ReadonlySet<string> = new Set(),
): Promise<{ commit: string; notCaptured: string[] }> {
  const regular = staged.filter(({ mode }) => mode.startsWith('100')).map(({ path }) => path);
  const paths = regular.filter((path) => !except.has(path));
  const found = await examineAll(worktreePath, paths);
  const files = found.filter(({ isReadable }) => isReadable);
  const objectIds = await hashFiles(git, files, true);
  const stagedModes = new Map(staged.map(({ path, mode }) => [path, mode]));
  const entries = files.map(({ path, mode }, index) => {
    return { path, mode: mode ?? stagedModes.get(path) ?? '100644', objectId: objectIds[index] ?? '' };
  });
  const tree = await writeEntryTree(git, entries);
  const commit = await writeCommit(git, {
    tree,
    parents: [],
    message: 'Bytes of the files as they were',
    isDated: false,
  });
  return { commit, notCaptured: found.filter(({ isReadable }) => !isReadable).map(({ path }) => pathToText(path)) };
}

/** Leaves out what is gone or is no regular file. */
async function examineAll(worktreePath: string, paths: readonly string[]): Promise<ExaminedFile[]> {
  const examined = await mapLimited(paths, FILES_AT_ONCE, async (path) => await examine(worktreePath, path));
  return examined.filter((file) => file !== undefined);
}

async function examine(worktreePath: string, path: string): Promise<ExaminedFile | undefined> {
  const target = pathFromBytes(worktreePath, path);
  const stats = await lstat(target).catch(() => undefined);
  if (stats?.isFile() !== true) return undefined;
  const isReadable = await access(target, constants.R_OK).then(
    () => true,
    () => false,
  );
  return {
    path,
    isReadable,
    mode: process.platform === 'win32' ? undefined : (stats.mode & 0o100) === 0 ? '100644' : '100755',
  };
}

/** The object ids of the files' own bytes, in the order of `files`. `isStored` writes the objects, too. */
async function hashFiles(git: IsolatedGit, files: readonly ExaminedFile[], isStored: boolean): Promise<string[]> {
  const input = files.map(({ path }) => `${quotePath(path)}\n`).join('');
  const hash = ['hash-object', ...(isStored ? ['-w'] : []), '--no-filters', '--stdin-paths'];
  return (await git.text(hash, { input })).split('\n');
}

/**
 * Restores the files of a commit that `captureRawFiles` made, byte for byte. Only those that differ are written.
 *
 * @returns the paths of all of them
 */
export async function restoreRawFiles(
  git: IsolatedGit,
  worktreePath: string,
  commit: string | undefined,
): Promise<ReadonlySet<string>> {
  if (commit === undefined) return new Set();
  const listed = splitZ((await git.run(['ls-tree', '-r', '-z', '--long', commit])).stdout);
  const wanted = listed.map((line) => {
    const [mode = '', , objectId = '', bytes = '0'] = line.slice(0, line.indexOf('\t')).split(/ +/);
    return { mode, objectId, bytes: Number(bytes), path: line.slice(line.indexOf('\t') + 1) };
  });
  const files = await examineAll(
    worktreePath,
    wanted.map(({ path }) => path),
  );
  const objectIds = await hashFiles(git, files, false);
  const present = new Map(files.map(({ path, mode }, index) => [path, { mode, objectId: objectIds[index] }]));
  const entries = wanted.filter(({ path, mode, objectId }) => {
    const file = present.get(path);
    return file?.objectId !== objectId || (file.mode ?? mode) !== mode;
  });
  while (entries.length > 0) {
    let bytes = entries[0]?.bytes ?? 0;
    let count = 1;
    while (count < entries.length && bytes + (entries[count]?.bytes ?? 0) <= MAX_BATCH_BYTES)
      bytes += entries[count++]?.bytes ?? 0;
    const batch = entries.splice(0, count);
    const { stdout } = await git.run(['cat-file', '--batch'], {
      input: batch.map(({ objectId }) => `${objectId}\n`).join(''),
    });
    let offset = 0;
    for (const entry of batch) {
      const start = stdout.indexOf('\n', offset) + 1;
      await replaceFile(
        worktreePath,
        entry.path,
        stdout.subarray(start, start + entry.bytes),
        entry.mode === '100755' ? 0o777 : 0o666,
      );
      offset = start + entry.bytes + 1;
    }
  }
  return new Set(wanted.map(({ path }) => path));
}

async function replaceFile(worktreePath: string, path: string, content: Buffer, mode: number): Promise<void> {
  const target = pathFromBytes(worktreePath, path);
  // Its folder exists, since git has just checked out the same path. A new file, so that no link is written through.
  await rm(target, { force: true });
  await writeFile(target, content, { mode, flag: 'wx' });
}
