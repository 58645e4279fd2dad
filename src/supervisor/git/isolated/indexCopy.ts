import { createHash } from 'node:crypto';
import { copyFile, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../common/errors';
import type { ObjectFormat } from './objectFormat';

const HEADER_BYTES = 12;
const ID_BYTES: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };
/** Times, device, inode, mode, owner, group and size. */
const STAT_BYTES = 40;
const EXTENDED_FLAG = 0x4000;

/**
 * Copies the index of a git dir into the folder, with the shared index that it may be a part of.
 *
 * @returns false, with nothing copied, where it is missing or torn, or its shared index is missing
 */
export async function copyIndex(gitDirectory: string, folder: string, format: ObjectFormat): Promise<boolean> {
  const original = join(gitDirectory, 'index');
  const bytes = await readFile(original).catch(ignoreMissing);
  if (bytes === undefined || !isWhole(bytes, format)) return false;
  const shared = sharedIndexOf(bytes, format);
  if (shared !== undefined) {
    const name = `sharedindex.${shared}`;
    const isCopied = await copyFile(join(gitDirectory, name), join(folder, name)).then(() => true, ignoreMissing);
    if (isCopied === undefined) return false;
  }
  const { mtimeMs } = await stat(original);
  const copy = join(folder, 'index');
  await writeFile(copy, bytes, { mode: 0o600 });
  // Git compares the bytes of files that are not older than the index, so the copy must not be newer than it was.
  // Whole seconds, since many builds of git know no others.
  const seconds = mtimeMs > Date.now() ? 1 : Math.floor(mtimeMs / 1000);
  await utimes(copy, seconds, seconds);
  return true;
}

function ignoreMissing(error: unknown): undefined {
  if (hasCode(error, 'ENOENT')) return undefined;
  throw error;
}

/** Git ignores the checksum, and reads wrong entries from a torn index (measured). `index.skipHash` writes zeros. */
function isWhole(index: Buffer, format: ObjectFormat): boolean {
  const end = index.length - ID_BYTES[format];
  const checksum = index.subarray(end);
  return (
    end >= HEADER_BYTES &&
    (checksum.every((byte) => byte === 0) ||
      createHash(format).update(index.subarray(0, end)).digest().equals(checksum))
  );
}

/** The id of the shared index that this one only adds to; undefined where it is complete by itself. */
function sharedIndexOf(index: Buffer, format: ObjectFormat): string | undefined {
  const end = index.length - ID_BYTES[format];
  const version = index.readUInt32BE(4);
  let offset = HEADER_BYTES;
  for (let left = index.readUInt32BE(8); left > 0 && offset < end; left--)
    offset = entryEnd(index, offset, version, format);
  while (offset + 8 <= end) {
    const [name, bytes] = [index.toString('latin1', offset, offset + 4), index.readUInt32BE(offset + 4)];
    const content = index.subarray(offset + 8, Math.min(end, offset + 8 + ID_BYTES[format]));
    // All zeros: the index was split once, and is complete again.
    if (name === 'link') return content.every((byte) => byte === 0) ? undefined : content.toString('hex');
    offset += 8 + bytes;
  }
  return undefined;
}

/** As git's `index-format` describes it: version 4 shortens paths, the others fill up to a multiple of eight. */
function entryEnd(index: Buffer, start: number, version: number, format: ObjectFormat): number {
  const flagsAt = start + STAT_BYTES + ID_BYTES[format];
  const isExtended = version >= 3 && (index.readUInt16BE(flagsAt) & EXTENDED_FLAG) !== 0;
  const pathAt = flagsAt + (isExtended ? 4 : 2);
  const pathEnd = index.indexOf(0, version === 4 ? varintEnd(index, pathAt) : pathAt);
  if (pathEnd < 0) return index.length;
  return version === 4 ? pathEnd + 1 : start + Math.ceil((pathEnd - start + 1) / 8) * 8;
}

function varintEnd(bytes: Buffer, start: number): number {
  let offset = start;
  while (((bytes[offset] ?? 0) & 0x80) !== 0) offset++;
  return offset + 1;
}
