/** What the bytes of an index say, as git's `index-format` describes them. */
import { createHash } from 'node:crypto';
import type { ObjectFormat } from './objectFormat';
import { mayBeGitmodules } from './ownNames';

const HEADER_BYTES = 12;
const ID_BYTES: Readonly<Record<ObjectFormat, number>> = { sha1: 20, sha256: 32 };
/** Times, device, inode, mode, owner, group and size. */
const STAT_BYTES = 40;
const MODE_AT = 24;
const EXTENDED_FLAG = 0x4000;
/** `assume-unchanged`, more flags behind (`skip-worktree`, `intent-to-add`), and the side of a conflict. */
const UNUSUAL_FLAGS = 0xf000;
const [KIND, FILE, LINK, SUBMODULE] = [0xf000, 0x8000, 0xa000, 0xe000];
const ATTRIBUTES = '.gitattributes';

/** Git ignores the checksum, and reads wrong entries from a torn index (measured). `index.skipHash` writes zeros. */
export function isWhole(index: Buffer, format: ObjectFormat): boolean {
  const end = index.length - ID_BYTES[format];
  const checksum = index.subarray(end);
  return (
    end >= HEADER_BYTES &&
    (checksum.every((byte) => byte === 0) ||
      createHash(format).update(index.subarray(0, end)).digest().equals(checksum))
  );
}

/** The id of the shared index that this one only adds to; undefined where it is complete by itself. */
export function sharedIndexOf(index: Buffer, format: ObjectFormat): string | undefined {
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

/**
 * True for a whole index in which git hides nothing: no conflict, no entry with a flag, none that stands for a folder,
 * none in another file, no attributes, and no link in place of a file of git's own.
 */
export function isPlain(index: Buffer, format: ObjectFormat): boolean {
  if (!isWhole(index, format)) return false;
  const end = index.length - ID_BYTES[format];
  const version = index.readUInt32BE(4);
  let offset = HEADER_BYTES;
  let path = '';
  for (let left = index.readUInt32BE(8); left > 0; left--) {
    const flagsAt = offset + STAT_BYTES + ID_BYTES[format];
    if (flagsAt + 2 > end || (index.readUInt16BE(flagsAt) & UNUSUAL_FLAGS) !== 0) return false;
    const kind = index.readUInt32BE(offset + MODE_AT) & KIND;
    const nameAt = version === 4 ? varintEnd(index, flagsAt + 2) : flagsAt + 2;
    const name = index.toString('latin1', nameAt, index.indexOf(0, nameAt));
    path = version === 4 ? path.slice(0, path.length - readVarint(index, flagsAt + 2)) + name : name;
    if (kind !== FILE && kind !== SUBMODULE && (kind !== LINK || mayBeGitmodules(path))) return false;
    if (path.slice(-ATTRIBUTES.length).toLowerCase() === ATTRIBUTES) return false;
    offset = entryEnd(index, offset, version, format);
  }
  // Extensions in small letters change what the entries mean.
  for (; offset + 8 <= end; offset += 8 + index.readUInt32BE(offset + 4))
    if (/^[^A-Z]/.test(index.toString('latin1', offset, offset + 4))) return false;
  return offset === end;
}

/** Version 4 shortens paths, the others fill up to a multiple of eight. */
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

/** Each byte but the first also counts the values that fewer bytes can say. */
function readVarint(bytes: Buffer, start: number): number {
  let value = (bytes[start] ?? 0) & 0x7f;
  for (let offset = start; ((bytes[offset] ?? 0) & 0x80) !== 0; offset++)
    value = (value + 1) * 128 + ((bytes[offset + 1] ?? 0) & 0x7f);
  return value;
}
