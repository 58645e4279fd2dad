/** Files that a filter would change, kept as they are: in the store, outside of git, by the hash of their bytes. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import * as v from 'valibot';
import { sha256Schema } from '../../../storage/ids';
import { makeDirectory, syncDirectory, temporaryPath } from '../../../storage/journal/durableFile';
import { parentOf, pathFromBytes } from '../pathBytes';
import { exists } from '../worktreeOwnership';
import type { FilterAccess } from './filterAccess';

/** A file of a worktree for which an attribute names a filter. */
export interface FilteredFile {
  /** Bytes (see `pathBytes`). */
  path: string;
  mode: '100644' | '100755';
  filter: string;
  /** To git it is unchanged. Its bytes are others than a checkout makes, such as those of its line ends. */
  isUnchanged?: true;
}

export const keptFileSchema = v.object({
  path: v.string(),
  mode: v.picklist(['100644', '100755']),
  filter: v.string(),
  isUnchanged: v.exactOptional(v.literal(true)),
  sha256: sha256Schema,
  /** The session in whose folder the bytes are. */
  sessionId: v.pipe(v.string(), v.regex(/^[a-z0-9]+$/)),
});
/** A filtered file, with the place of its bytes. */
export type KeptFile = v.InferOutput<typeof keptFileSchema>;

/** The hash of a file that was kept, by its path, size, times and inode, so that it is read once. */
const knownHashes = new Map<string, string>();
const MAX_KNOWN = 10_000;

/** Windows has neither of the two flags. */
const READ_FILE = process.platform === 'win32' ? 'r' : constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Keeps the files' bytes. On the disk when it resolves, so that the files may be removed. */
export async function keepFiles(
  access: FilterAccess,
  sessionId: string,
  worktreePath: string,
  files: readonly FilteredFile[],
): Promise<KeptFile[]> {
  if (files.length === 0) return [];
  const folder = access.folderOf(sessionId);
  await makeDirectory(folder);
  const kept: KeptFile[] = [];
  for (const file of files)
    kept.push({ ...file, sha256: await keep(folder, pathFromBytes(worktreePath, file.path)), sessionId });
  await syncDirectory(folder);
  return kept;
}

async function keep(folder: string, path: string | Buffer): Promise<string> {
  // Never through a link, and without waiting for somebody to write into a pipe.
  const source = await open(path, READ_FILE);
  const temporary = temporaryPath(join(folder, 'file'));
  try {
    const { size, mtimeNs, ctimeNs, ino } = await source.stat({ bigint: true });
    const key = [path.toString('latin1'), size, mtimeNs, ctimeNs, ino].join('\0');
    const known = knownHashes.get(key);
    if (known !== undefined && (await exists(join(folder, known)))) return known;
    const hash = createHash('sha256');
    const target = await open(temporary, 'wx', 0o600);
    try {
      for await (const chunk of source.createReadStream({ autoClose: false })) {
        hash.update(chunk as Buffer);
        await target.writeFile(chunk as Buffer);
      }
      await target.sync();
    } finally {
      await target.close();
    }
    const sha256 = hash.digest('hex');
    await rename(temporary, join(folder, sha256));
    if (knownHashes.size >= MAX_KNOWN) knownHashes.clear();
    knownHashes.set(key, sha256);
    return sha256;
  } finally {
    await source.close();
    await rm(temporary, { force: true });
  }
}

/** Where the bytes of a kept file are. */
export function pathOfKept(access: FilterAccess, { sessionId, sha256 }: KeptFile): string {
  return join(access.folderOf(sessionId), sha256);
}

/** Writes kept files into the worktree again, in place of what is there. */
export async function bringBack(access: FilterAccess, worktreePath: string, files: readonly KeptFile[]): Promise<void> {
  for (const file of files)
    await replaceByCopy(pathOfKept(access, file), worktreePath, file.path, file.mode === '100755' ? 0o777 : 0o666);
}

/** Copies a file of one worktree into another, as it is. */
export async function copyFiltered(from: string, to: string, path: string): Promise<void> {
  const source = pathFromBytes(from, path);
  await replaceByCopy(source, to, path, (await lstat(source)).mode & 0o777);
}

async function replaceByCopy(from: string | Buffer, worktreePath: string, path: string, mode: number): Promise<void> {
  const source = await open(from, 'r');
  try {
    const target = pathFromBytes(worktreePath, path);
    await rm(target, { recursive: true, force: true });
    const parent = parentOf(path);
    await mkdir(parent === '' ? worktreePath : pathFromBytes(worktreePath, parent), { recursive: true });
    const copy = await open(target, 'wx', mode);
    await pipeline(source.createReadStream({ autoClose: false }), copy.createWriteStream());
  } finally {
    await source.close();
  }
}
