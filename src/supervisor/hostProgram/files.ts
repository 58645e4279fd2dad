import { lstat, opendir } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { Readable } from 'node:stream';
import { ChannelError } from '../../common/channels/channel';
import { openRegular } from '../../common/disks/regularFile';
import { hasCode } from '../../common/errors';
import { ifExists } from '../../common/ifExists';
import { MAX_LISTED_NAMES } from '../hostProtocol/hostProtocol';
import type { HostFile } from '../system/hostConnection';

/**
 * The bytes of a regular file as it is now.
 * @throws ChannelError NOT_FOUND, TOO_LARGE, or the system's error
 */
export async function openFile(path: string, maxBytes: number): Promise<Readable> {
  const file = await ifExists(openRegular(path));
  if (file === undefined) throw new ChannelError('NOT_FOUND', `${path} is not there`);
  const { size } = await file.stat();
  if (size > 0 && size <= maxBytes) return file.createReadStream({ start: 0, end: size - 1 });
  await file.close();
  if (size > maxBytes) throw new ChannelError('TOO_LARGE', `${path} has ${size} bytes`);
  return Readable.from([], { objectMode: false });
}

/** What is at the path; null where nothing is. A link is not followed. */
export async function statFile(path: string): Promise<HostFile | null> {
  const found = await ifExists(lstat(path, { bigint: true }));
  if (found === undefined) return null;
  return {
    kind: kindOf(found),
    sizeBytes: Number(found.size),
    modifiedMs: Number(found.mtimeMs),
    inode: inodeOf(found),
  };
}

/** Tells a file from every other one that is there at the same time. */
export function inodeOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}

function kindOf(found: BigIntStats): HostFile['kind'] {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  if (found.isSymbolicLink()) return 'link';
  return found.isSocket() ? 'socket' : 'other';
}

/**
 * The names in a folder, sorted; null where there is none.
 * @throws ChannelError TOO_LARGE
 */
export async function listNames(path: string): Promise<string[] | null> {
  try {
    const names: string[] = [];
    for await (const { name } of await opendir(path)) {
      if (names.length >= MAX_LISTED_NAMES) throw new ChannelError('TOO_LARGE', `${path} has too many files`);
      names.push(name);
    }
    return names.sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
}
