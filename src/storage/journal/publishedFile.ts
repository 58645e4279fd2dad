/**
 * Files that one of several processes makes, with all of their content at once. On a disk without hard links, such as
 * exFAT, each is a folder that holds the content: a folder cannot be renamed onto one that is not empty.
 */
import { link, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../common/errors';
import { isThere } from '../../common/disks/pathState';
import { ifExists } from '../../common/ifExists';
import { readRegular } from '../../common/disks/regularFile';
import { replaceFile, temporaryPath } from './durableFile';

const CONTENT = 'content';
/** What `link` answers where the disk has no hard links. The last one comes from exFAT on Windows. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EISDIR'];
const IS_TAKEN = ['EEXIST', 'ENOTEMPTY', 'ENOTDIR', ...(process.platform === 'win32' ? ['EPERM', 'EACCES'] : [])];

/**
 * Makes `path` with all of this content at once; true for the one caller, over all processes, that made it.
 * It is not synced, since such files name live processes and none outlives a power loss.
 */
export async function publishOnce(path: string, content: string): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await writeFile(temporary, content, { flag: 'wx', mode: 0o600 });
    await link(temporary, path);
    return true;
  } catch (error) {
    // On a network disk the answer to a link that was made can be lost, and the second try finds the first one's.
    if (hasCode(error, 'EEXIST')) return await isSameFile(temporary, path);
    if (!NO_LINKS.some((code) => hasCode(error, code))) throw error;
  } finally {
    await rm(temporary, { force: true });
  }
  return await publishFolder(path, content);
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const found = await Promise.all([one, other].map(async (path) => await ifExists(stat(path, { bigint: true }))));
  const [first, second] = found;
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

async function publishFolder(path: string, content: string): Promise<boolean> {
  const temporary = temporaryPath(path);
  try {
    await mkdir(temporary, { mode: 0o700 });
    await writeFile(join(temporary, CONTENT), content, { flag: 'wx', mode: 0o600 });
    await rename(temporary, path);
    return true;
  } catch (error) {
    const isTaken = IS_TAKEN.some((code) => hasCode(error, code)) && (await isThere(path));
    if (!isTaken) throw error;
    return false;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The content of a published file, '' where a power loss took it. Throws ENOENT where there is no such file. */
export async function readPublished(path: string): Promise<string> {
  const file = await contentPath(path);
  return await readRegular(file).catch((error: unknown) => {
    if (file !== path && hasCode(error, 'ENOENT')) return '';
    throw error;
  });
}

/** As `replaceFile`, for one that this process has published. */
export async function replacePublished(path: string, content: string): Promise<void> {
  await replaceFile(await contentPath(path), Buffer.from(content));
}

/** Does nothing where it is gone. */
export async function removePublished(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function contentPath(path: string): Promise<string> {
  return (await stat(path)).isDirectory() ? join(path, CONTENT) : path;
}
