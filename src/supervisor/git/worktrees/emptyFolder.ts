/** Removes files below folders of ours, also where a tool has made a folder read-only. Follows no link. */
import { chmod, lstat, readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { sep } from 'node:path';
import { hasCode, messageOf } from '../../../common/errors';
import { mapLimited } from '../../../common/mapLimited';
import { pathFromBytes, pathToText } from '../pathBytes';
import type { CaptureList } from '../snapshots/captureList';
import { examineFile, listFiles, type ListedFile } from '../snapshots/fileList';

const FILES_AT_ONCE = 16;
const REFUSALS = ['EACCES', 'EPERM', 'EBUSY'] as const;
const FULL_ACCESS = 0o700;

/** What could not be removed, with the reason in words. */
export interface KeptFile {
  /** For people, relative to the folder; '' for the folder itself. */
  path: string;
  reason: string;
}

/** Removes the listed files that are still as they were, and then the folders that are empty. Answers with the rest. */
export async function removeListed(root: string, list: CaptureList): Promise<KeptFile[]> {
  const { files, unreadable } = await listFiles(root);
  const kept: KeptFile[] = unreadable.map((path) => ({ path: pathToText(path), reason: 'cannot be read' }));
  const removed = new Set<string>();
  await mapLimited(
    files.filter(({ kind }) => kind !== 'folder'),
    FILES_AT_ONCE,
    async ({ path, identity }) => {
      const now = await examineFile(root, path).catch(() => undefined);
      if (now === undefined) return;
      const listed = list.get(path);
      const isSame = listed === now.stamp || (removed.has(identity) && isSameButForNames(listed, now.stamp));
      if (path === '.git' || !isSame) {
        if (path !== '.git') kept.push({ path: pathToText(path), reason: 'in use, or written while it was deleted' });
        return;
      }
      removed.add(identity);
      const reason = await attempt(root, path, async () => await unlink(pathFromBytes(root, path)));
      if (reason !== undefined) kept.push({ path: pathToText(path), reason });
    },
  );
  await removeEmptyFolders(root, files, kept);
  return kept;
}

/** Removes a folder and all that is in it. Throws where something cannot be removed. */
export async function removeFolder(folder: string | Buffer): Promise<void> {
  const options = { recursive: true, force: true, maxRetries: 5 } as const;
  await rm(folder, options).catch(async (error: unknown) => {
    if (!hasCode(error, 'EACCES') && !hasCode(error, 'EPERM')) throw error;
    await makeWritable(folder);
    await rm(folder, options);
  });
}

async function removeEmptyFolders(root: string, files: readonly ListedFile[], kept: KeptFile[]): Promise<void> {
  // From below: a folder is listed before all that is in it.
  for (const { path } of files.filter(({ kind }) => kind === 'folder').reverse()) {
    const reason = await attempt(root, path, async () => await rmdir(pathFromBytes(root, path)));
    if (reason !== undefined) kept.push({ path: pathToText(path), reason });
  }
  const link = pathFromBytes(root, '.git');
  // Corral's own link to the administrative directory, which is gone.
  if ((await lstat(link).catch(() => undefined))?.isFile() === true)
    await attempt(root, '.git', async () => await unlink(link));
  const reason = await attempt(root, '', async () => await rmdir(root));
  if (kept.length === 0 && reason !== undefined) kept.push({ path: '', reason });
}

/** True where two stamps differ only in the time of the last change, as after one of a file's names was removed. */
function isSameButForNames(listed: string | undefined, now: string): boolean {
  const withoutChange = (stamp: string): string => stamp.replace(/^(\S+ \S+ \S+) \S+/, '$1');
  return listed !== undefined && withoutChange(listed) === withoutChange(now);
}

/** Why it was refused, in words. A folder that is not empty, or that is gone, stays without a word. */
async function attempt(root: string, path: string, remove: () => Promise<void>): Promise<string | undefined> {
  for (let isRetry = false; ; isRetry = true) {
    try {
      await remove();
      return undefined;
    } catch (error) {
      if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].some((code) => hasCode(error, code))) return undefined;
      if (!REFUSALS.some((code) => hasCode(error, code))) throw error;
      if (isRetry || !(await allow(root, path))) return `cannot be removed (${messageOf(error)})`;
    }
  }
}

/** Makes a folder writable from which something is to be removed. False where that is no use. */
async function allow(root: string, path: string): Promise<boolean> {
  if (path === '') return false; // the folder above is none of this worktree's
  const parent = path.includes('/') ? pathFromBytes(root, path.slice(0, path.lastIndexOf('/'))) : root;
  // Windows asks the file itself.
  return await addMode(process.platform === 'win32' ? pathFromBytes(root, path) : parent);
}

async function makeWritable(folder: string | Buffer): Promise<void> {
  await addMode(folder);
  const entries = await readdir(folder, { withFileTypes: true, encoding: 'buffer' });
  for (const entry of entries)
    if (entry.isDirectory()) await makeWritable(Buffer.concat([Buffer.from(folder), Buffer.from(sep), entry.name]));
}

async function addMode(path: string | Buffer): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isSymbolicLink()) return false;
  return await chmod(path, stats.mode | FULL_ACCESS).then(
    () => true,
    () => false,
  );
}
