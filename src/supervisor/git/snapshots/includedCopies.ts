/**
 * Ignored files that Corral copied into a worktree, such as `.env`. While they are unchanged they are kept beside git's
 * entry of the worktree, not in its objects, since they often hold secrets and the originals may go.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { gitDirectoryOf } from '../gitDirectory';
import { encodePath, pathFromBytes } from '../pathBytes';
import { readCaptureList, writeCaptureList } from './captureList';
import { examineFile, type ListedFile } from './fileList';

/** Larger ones keep the worktree in the trash. */
const MAX_COPY_BYTES = 32n << 20n;

/** Notes which files were copied into the worktree just now, and how they look. */
export async function rememberCopies(worktreePath: string, paths: readonly string[]): Promise<void> {
  const entry = await gitDirectoryOf(worktreePath);
  if (entry === undefined || paths.length === 0) return;
  const list = new Map(await readCaptureList(listIn(entry)));
  for (const path of paths) {
    const file = await examineFile(worktreePath, path);
    if (file !== undefined) list.set(path, file.stamp);
  }
  await writeCaptureList(listIn(entry), list);
}

/** Keeps the bytes of those files that Corral copied and nobody changed. Answers with them. */
export async function keepCopies(worktreePath: string, files: readonly ListedFile[]): Promise<ListedFile[]> {
  const entry = await gitDirectoryOf(worktreePath);
  const list = entry === undefined ? undefined : await readCaptureList(listIn(entry));
  if (entry === undefined || list === undefined) return [];
  const kept: ListedFile[] = [];
  for (const file of files) {
    const isCopy = file.kind === 'file' && list.get(file.path) === file.stamp && file.size <= MAX_COPY_BYTES;
    if (isCopy && (await keep(worktreePath, entry, file).catch(() => false))) kept.push(file);
  }
  return kept;
}

async function keep(worktreePath: string, entry: string, { path, stamp }: ListedFile): Promise<boolean> {
  const target = copyIn(entry, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rm(target, { force: true });
  await copyFile(pathFromBytes(worktreePath, path), target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  await using handle = await open(target, 'r+');
  await handle.chmod(0o600);
  await handle.sync();
  return (await examineFile(worktreePath, path))?.stamp === stamp;
}

/** Puts kept copies back where nothing is by now; their folders are there. Answers with what was put back. */
export async function restoreCopies(worktreePath: string, paths: readonly string[]): Promise<string[]> {
  const entry = await gitDirectoryOf(worktreePath);
  const restored: string[] = [];
  for (const path of entry === undefined ? [] : paths) {
    const target = pathFromBytes(worktreePath, path);
    const isRestored = await copyFile(copyIn(entry ?? '', path), target, constants.COPYFILE_EXCL).then(
      () => true,
      (error: unknown) => {
        // Not kept where the worktree was made anew: then it is copied from the main one.
        if (hasCode(error, 'EEXIST') || hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return false;
        throw error;
      },
    );
    if (isRestored) restored.push(path);
  }
  return restored;
}

function listIn(entry: string): string {
  return join(entry, 'corral-included');
}

function copyIn(entry: string, path: string): string {
  return join(entry, 'corral-copies', createHash('sha256').update(encodePath(path)).digest('hex'));
}
