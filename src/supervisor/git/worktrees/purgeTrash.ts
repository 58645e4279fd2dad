import { lstat, readdir, rename, rm, rmdir, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { hasCode } from '../../../common/errors';
import { pathFromBytes, pathToText } from '../pathBytes';
import { administrativeDirectoryOf, trashPathFor, type SessionWorktree } from '../sessionWorktree';
import { isOwnedBy, exists, locateWorktree } from '../worktreeOwnership';
import { moveToTrash } from './trash';

/** A disk may store times in coarse steps. */
const CLOCK_SLACK_MS = 50;

interface ListedFile {
  path: string;
  mtimeMs: number;
  ctimeMs: number;
  size: number;
}

/**
 * Removes a deleted session's worktree from the trash, so that only the session's ref holds its work. Answers with what
 * stays, in words: what no snapshot can hold, and what a process has written since.
 */
export async function purgeTrash(worktree: SessionWorktree): Promise<string[]> {
  const trashPath = trashPathFor(worktree.path);
  if ((await locateWorktree(worktree)).place === 'trash') {
    const capturedMs = await diskTimeMs(trashPath);
    const { notCaptured } = await moveToTrash(worktree); // again, for a snapshot of what was written since
    if (notCaptured.length > 0) return notCaptured;
    // A name under which Undo does not find it, with the time from which on a file is newer than the snapshot.
    const discardedPath = `${trashPath}.${String(capturedMs)}`;
    await rename(trashPath, discardedPath);
    const isLate = (await listFiles(discardedPath)).some(({ ctimeMs }) => ctimeMs >= capturedMs - CLOCK_SLACK_MS);
    // Where the clock was set back meanwhile, times tell nothing.
    if (isLate || (await diskTimeMs(trashPath)) < capturedMs) {
      await rename(discardedPath, trashPath);
      return ['files that a program wrote while they were deleted'];
    }
  }
  const discarded = (await readdir(dirname(trashPath)).catch(() => [])).filter(
    (name) => name.startsWith(`${basename(trashPath)}.`) && /^\d+$/.test(name.slice(basename(trashPath).length + 1)),
  );
  const kept: string[] = [];
  for (const name of discarded) {
    const administrativeDirectory = administrativeDirectoryOf(worktree);
    if (await isOwnedBy(administrativeDirectory, worktree))
      await rm(administrativeDirectory, { recursive: true, force: true, maxRetries: 5 });
    const folder = join(dirname(trashPath), name);
    const capturedMs = Number(name.slice(basename(trashPath).length + 1));
    kept.push(
      ...(await removeUnchanged(folder, capturedMs)).map(
        (path) => `${join(folder, path)}: in use, or written while it was deleted`,
      ),
    );
  }
  return kept;
}

/** The time in whole ms by the clock of this disk, since that of a network disk may differ from ours. */
async function diskTimeMs(trashPath: string): Promise<number> {
  const probe = `${trashPath}.clock`;
  await writeFile(probe, '');
  const { mtimeMs } = await lstat(probe);
  await rm(probe);
  return Math.floor(mtimeMs);
}

/** Lists every file below a folder, and each folder after its content with a slash at its end. Follows no link. */
async function listFiles(root: string, folder = '', files: ListedFile[] = []): Promise<ListedFile[]> {
  const entries = await readdir(pathFromBytes(root, folder), { withFileTypes: true, encoding: 'buffer' });
  for (const entry of entries) {
    const path = folder + entry.name.toString('latin1');
    if (entry.isDirectory()) {
      await listFiles(root, `${path}/`, files);
      files.push({ path: `${path}/`, mtimeMs: 0, ctimeMs: 0, size: 0 });
    } else {
      const { mtimeMs, ctimeMs, size } = await lstat(pathFromBytes(root, path));
      files.push({ path, mtimeMs, ctimeMs, size });
    }
  }
  return files;
}

/** Removes the files that are in the snapshot of `capturedMs` and no others. Answers with the paths that stay. */
async function removeUnchanged(root: string, capturedMs: number): Promise<string[]> {
  const kept: string[] = [];
  for (const { path, mtimeMs, ctimeMs, size } of await listFiles(root)) {
    const target = pathFromBytes(root, path);
    try {
      if (path.endsWith('/')) {
        await rmdir(target);
        continue;
      }
      const now = await lstat(target);
      // The ctime, too: a file that was moved here or unpacked keeps its old mtime.
      const isLate = Math.max(mtimeMs, ctimeMs) >= capturedMs - CLOCK_SLACK_MS;
      if (isLate || now.mtimeMs !== mtimeMs || now.size !== size) kept.push(pathToText(path));
      else await unlink(target);
    } catch (error) {
      if (['EACCES', 'EPERM', 'EBUSY'].some((code) => hasCode(error, code))) kept.push(pathToText(path));
      else if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].some((code) => hasCode(error, code))) throw error;
    }
  }
  await rmdir(root).catch(() => undefined);
  if (kept.length === 0 && (await exists(root))) kept.push('');
  return kept;
}
