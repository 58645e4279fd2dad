/** What lies in a worktree, so that nothing is removed but what was seen before a snapshot read it. */
import type { BigIntStats } from 'node:fs';
import { lstat as lstatWithCallback } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { hasCode } from '../../../common/errors';
import { mapLimited } from '../../../common/mapLimited';
import { pathFromBytes } from '../pathBytes';

// Twice as fast as the one of `fs/promises` (measured).
const lstat = promisify(lstatWithCallback);
const FOLDERS_AT_ONCE = 8;

/** `other` is a pipe, a socket or a device. */
export type FileKind = 'file' | 'folder' | 'link' | 'other';

/** Something below a folder, as it was when it was listed. */
export interface ListedFile {
  /** Relative, as bytes (see `pathBytes`); without a slash at the end of a folder. */
  path: string;
  kind: FileKind;
  /** Differs after every change of the content, size, mode or place. Of a folder it is only the kind. */
  stamp: string;
  /** Permissions, with setuid, setgid and sticky bit. */
  mode: number;
  size: bigint;
  /** Names that this file has, here and elsewhere. */
  links: number;
  /** Device and inode. */
  identity: string;
  userId: number;
  groupId: number;
  /** By the clock of its disk. */
  changedNs: bigint;
}

export interface FileList {
  /** A folder comes before all that is in it. */
  files: ListedFile[];
  /** Folders whose content cannot be listed. */
  unreadable: string[];
}

/** Lists everything below `root`, or below its folder `top`; `.git` too. Follows no link and opens no file. */
export async function listFiles(root: string, signal?: AbortSignal, top = ''): Promise<FileList> {
  const list: FileList = { files: [], unreadable: [] };
  for (let level = [top]; level.length > 0;) {
    const below = await mapLimited(level, FOLDERS_AT_ONCE, async (folder) => {
      signal?.throwIfAborted();
      return await listFolder(root, folder).catch((error: unknown) => {
        if (!hasCode(error, 'ENOENT')) list.unreadable.push(folder);
        return [];
      });
    });
    level = [];
    for (const entries of below)
      for (const entry of entries) {
        list.files.push(entry);
        if (entry.kind === 'folder') level.push(entry.path);
      }
  }
  return list;
}

async function listFolder(root: string, folder: string): Promise<ListedFile[]> {
  const names = await readdir(pathFromBytes(root, folder), { encoding: 'buffer' });
  const entries = await Promise.all(
    names.map(async (name) => {
      const path = `${folder === '' ? '' : `${folder}/`}${name.toString('latin1')}`;
      return await examineFile(root, path);
    }),
  );
  return entries.filter((entry) => entry !== undefined);
}

/** Undefined where nothing is there. Throws where that cannot be seen. */
export async function examineFile(root: string, path: string): Promise<ListedFile | undefined> {
  const stats = await lstat(pathFromBytes(root, path), { bigint: true }).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw error;
  });
  if (stats === undefined) return undefined;
  const kind = kindOf(stats);
  const { size, mtimeNs, ctimeNs, ino, dev, mode, nlink, uid, gid } = stats;
  return {
    path,
    kind,
    stamp: kind === 'folder' ? kind : [kind, size, mtimeNs, ctimeNs, ino].join(' '),
    mode: Number(mode & 0o7777n),
    size,
    links: Number(nlink),
    identity: `${String(dev)} ${String(ino)}`,
    userId: Number(uid),
    groupId: Number(gid),
    changedNs: ctimeNs,
  };
}

function kindOf(stats: BigIntStats): FileKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

/** The time by the clock of a disk, which may be coarse and differ from ours. `probe` is made there and removed. */
export async function diskTimeNs(probe: string): Promise<bigint> {
  await rm(probe, { force: true });
  await writeFile(probe, '', { mode: 0o600, flag: 'wx' });
  const { ctimeNs } = await lstat(probe, { bigint: true });
  await rm(probe);
  return ctimeNs;
}
