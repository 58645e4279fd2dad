import { access, constants, lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { withTemporaryFolder } from './indexCopy';
import { encodePath, pathFromBytes, pathToText, quotePath, splitZ } from './pathBytes';
import { writeCommit } from './pin';
import type { Repository } from './repository';

const MOST_BATCH_BYTES = 32 << 20;
const FILES_AT_ONCE = 64;

interface Entry {
  mode: string;
  objectId: string;
  path: string;
}

interface ExaminedFile extends Entry {
  rawMode: string;
  isReadable: boolean;
}

/**
 * Stores the bytes and the executable bit of each file for which git's view (line ends, filters, encodings, `core.fileMode`) is another, as a
 * commit of its own. Every file is read: to trust the attributes would be to trust that they were the same at checkout. Undefined where git's view is exact.
 */
export async function captureRawFiles(repository: Repository, worktreePath: string, indexFile: string, signal: AbortSignal | undefined): Promise<{ commit: string | undefined; notCaptured: string[] }> {
  const { git } = repository;
  const staged = splitZ((await git.run(worktreePath, ['ls-files', '-z', '--stage'], { environment: { GIT_INDEX_FILE: indexFile }, signal })).stdout);
  const notCaptured: string[] = [];
  const files: ExaminedFile[] = [];
  for (let first = 0; first < staged.length; first += FILES_AT_ONCE) {
    const examined = await Promise.all(staged.slice(first, first + FILES_AT_ONCE).map(async (line) => examine(worktreePath, line)));
    for (const file of examined) {
      if (file === undefined) continue;
      if (file.isReadable) files.push(file);
      else notCaptured.push(pathToText(file.path));
    }
  }
  const hashes = (await git.text(worktreePath, ['hash-object', '-w', '--no-filters', '--stdin-paths'], { input: files.map(({ path }) => `${quotePath(path)}\n`).join(''), signal })).split('\n');
  const different = files.flatMap(({ mode, objectId, path, rawMode }, index) => {
    const rawId = hashes[index];
    return rawId === undefined || (rawId === objectId && rawMode === mode) ? [] : [{ mode: rawMode, objectId: rawId, path }];
  });
  if (different.length === 0) return { commit: undefined, notCaptured };
  return { commit: await commitEntries(repository, different, signal), notCaptured };
}

/** The regular file behind a line of `ls-files --stage`; undefined for links, submodules and what is gone. */
async function examine(worktreePath: string, line: string): Promise<ExaminedFile | undefined> {
  const [mode = '', objectId = ''] = line.split(' ', 2);
  const path = line.slice(line.indexOf('\t') + 1);
  const target = pathFromBytes(worktreePath, path);
  const stats = mode.startsWith('100') ? await lstat(target).catch(() => undefined) : undefined;
  if (stats?.isFile() !== true) return undefined;
  const isReadable = await access(target, constants.R_OK).then(() => true, () => false);
  return { mode, objectId, path, isReadable, rawMode: process.platform === 'win32' ? mode : (stats.mode & 0o100) === 0 ? '100644' : '100755' };
}

async function commitEntries(repository: Repository, entries: readonly Entry[], signal: AbortSignal | undefined): Promise<string> {
  return withTemporaryFolder(async (folder) => {
    const options = { environment: { GIT_INDEX_FILE: join(folder, 'index') }, signal };
    const input = encodePath(entries.map(({ mode, objectId, path }) => `${mode} ${objectId} 0\t${path}\0`).join(''));
    await repository.git.run(repository.mainWorktree, ['update-index', '-z', '--index-info'], { ...options, input });
    const tree = await repository.git.text(repository.mainWorktree, ['write-tree'], options);
    return writeCommit(repository, { tree, parents: [], message: 'Bytes of files that git stores in another form', isDated: false });
  });
}

/** Writes the files of a commit made by `captureRawFiles` over those in the worktree, byte for byte. */
export async function restoreRawFiles(repository: Repository, worktreePath: string, commit: string, signal: AbortSignal | undefined): Promise<void> {
  const { git, mainWorktree } = repository;
  const listed = splitZ((await git.run(mainWorktree, ['ls-tree', '-r', '-z', '--long', commit], { signal })).stdout);
  const entries = listed.map((line) => {
    const [mode = '', , objectId = '', bytes = '0'] = line.slice(0, line.indexOf('\t')).split(/ +/);
    return { mode, objectId, bytes: Number(bytes), path: line.slice(line.indexOf('\t') + 1) };
  });
  while (entries.length > 0) {
    let bytes = entries[0]?.bytes ?? 0;
    let count = 1;
    while (count < entries.length && bytes + (entries[count]?.bytes ?? 0) <= MOST_BATCH_BYTES) bytes += entries[count++]?.bytes ?? 0;
    const batch = entries.splice(0, count);
    const { stdout } = await git.run(mainWorktree, ['cat-file', '--batch'], { input: batch.map(({ objectId }) => `${objectId}\n`).join(''), signal });
    let offset = 0;
    for (const entry of batch) {
      const start = stdout.indexOf('\n', offset) + 1;
      await replaceFile(worktreePath, entry.path, stdout.subarray(start, start + entry.bytes), entry.mode === '100755' ? 0o777 : 0o666);
      offset = start + entry.bytes + 1;
    }
  }
}

async function replaceFile(worktreePath: string, path: string, content: Buffer, mode: number): Promise<void> {
  const target = pathFromBytes(worktreePath, path);
  // Its folder is there: git has just checked out its own view of the same path. A new file, so that nothing is written through a link.
  await rm(target, { force: true });
  await writeFile(target, content, { mode, flag: 'wx' });
}
