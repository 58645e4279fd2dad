import { copyFile, lstat, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAsListed, listFileOf, readCaptureList } from '../snapshots/captureList';
import { listFiles } from '../snapshots/fileList';
import { trashPathFor, type SessionWorktree } from '../sessionWorktree';
import { locateWorktree } from '../worktreeOwnership';
import { removeListed, type KeptFile } from './emptyFolder';
import { removeOlderThan } from './olderTrash';
import { retireEntry } from './retiredEntry';
import { moveToTrash } from './trash';

const MAX_ATTEMPTS = 2;

/**
 * Removes a deleted session's worktree from the trash, so that only the session's ref holds its work. Answers with what
 * stays, in words: what no snapshot can hold, and what a process has written since.
 */
export async function purgeTrash(worktree: SessionWorktree): Promise<string[]> {
  if ((await locateWorktree(worktree)).place === 'trash') {
    const reasons = await discard(worktree);
    if (reasons.length > 0) return reasons;
  }
  await retireEntry(worktree);
  return await emptyDiscarded(worktree.path);
}

/** Folders of this session that were not removed as a whole, as paths. */
export async function findDiscarded(worktreePath: string): Promise<string[]> {
  const trashPath = trashPathFor(worktreePath);
  const names = await readdir(dirname(trashPath)).catch(() => []);
  const start = `${basename(trashPath)}.`;
  return names
    .filter((name) => name.startsWith(start) && /^\d+$/.test(name.slice(start.length)))
    .map((name) => join(dirname(trashPath), name));
}

/** Gives the folder a name under which Undo does not find it, once all in it is as a snapshot holds it. */
async function discard(worktree: SessionWorktree): Promise<string[]> {
  const trashPath = trashPathFor(worktree.path);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const isListed = (await readCaptureList(listFileOf(trashPath))) !== undefined;
    if (!isListed || attempt > 1) {
      const { notCaptured } = await moveToTrash(worktree); // again, for a snapshot of what was written since
      if (notCaptured.length > 0) return notCaptured;
    }
    const list = await readCaptureList(listFileOf(trashPath));
    const discardedPath = `${trashPath}.${Date.now()}`;
    await copyFile(listFileOf(trashPath), listFileOf(discardedPath));
    await rename(trashPath, discardedPath);
    if (list !== undefined && isAsListed(list, await listFiles(discardedPath))) {
      await rm(listFileOf(trashPath), { force: true });
      return [];
    }
    await rename(discardedPath, trashPath);
    await rm(listFileOf(discardedPath), { force: true });
  }
  return ['files that a program wrote while they were deleted'];
}

/** Removes what is in these folders as it was listed. Answers with what stays, in words. */
export async function emptyDiscarded(worktreePath: string): Promise<string[]> {
  const kept: string[] = [];
  for (const folder of await findDiscarded(worktreePath)) {
    const list = await readCaptureList(listFileOf(folder));
    const rest: KeptFile[] =
      list === undefined
        ? await removeOlderThan(folder, Number(folder.slice(folder.lastIndexOf('.') + 1)))
        : await removeListed(folder, list);
    kept.push(...rest.map(({ path, reason }) => `${join(folder, path)}: ${reason}`));
    if ((await lstat(folder).catch(() => undefined)) === undefined) await rm(listFileOf(folder), { force: true });
  }
  return kept;
}
