import { lstat, readdir } from 'node:fs/promises';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { findReplaceableFolders } from '../snapshots/replaceableFolders';
import { pathFromBytes, pathToText } from '../pathBytes';
import type { WorktreeFolder } from '../sessionWorktree';
import { removeFolder } from './emptyFolder';
import { mapLimited } from '../../../common/mapLimited';

const FILES_AT_ONCE = 64;

/** A folder that tools can fill again, such as `node_modules`. */
export interface GeneratedFolder {
  /** Relative to the worktree, as bytes (see `pathBytes`), without a slash at its end. */
  path: string;
  /** The path for people. */
  name: string;
  bytes: number;
}

/** Finds the folders that git ignores and tools can fill again, largest first. Not those that hold a repository. */
export async function findGeneratedFolders(folder: WorktreeFolder): Promise<GeneratedFolder[]> {
  const replaceable = await withIsolatedGit(folder, async (git) => await findReplaceableFolders(git, folder));
  const folders: GeneratedFolder[] = [];
  for (const path of replaceable) {
    const { bytes, holdsRepository } = await measureFolder(pathFromBytes(folder.path, path));
    if (!holdsRepository) folders.push({ path, name: pathToText(path), bytes });
  }
  return folders.sort((a, b) => b.bytes - a.bytes);
}

/** Removes these folders. Links in them are removed, never followed. */
export async function removeGeneratedFolders(worktreePath: string, folders: readonly GeneratedFolder[]): Promise<void> {
  for (const { path } of folders) await removeFolder(pathFromBytes(worktreePath, path));
}

/** The size of all files below a folder. Follows no link, and leaves out what cannot be read or is gone by now. */
export async function measureFolder(folder: string | Buffer): Promise<{ bytes: number; holdsRepository: boolean }> {
  const size = { bytes: 0, holdsRepository: false };
  const folders = [Buffer.from(folder)];
  for (let current = folders.pop(); current !== undefined; current = folders.pop()) {
    const entries = await readdir(current, { withFileTypes: true, encoding: 'buffer' }).catch(() => []);
    const files: Buffer[] = [];
    for (const entry of entries) {
      if (entry.name.toString('latin1') === '.git') size.holdsRepository = true;
      (entry.isDirectory() ? folders : files).push(Buffer.concat([current, Buffer.from('/'), entry.name]));
    }
    await mapLimited(files, FILES_AT_ONCE, async (file) => {
      const found = await lstat(file).catch(() => undefined);
      size.bytes += found?.size ?? 0;
    });
  }
  return size;
}
