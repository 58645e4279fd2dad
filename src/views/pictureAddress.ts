import { pictureFile } from '../common/pictureFile';

/** A larger one is only named in the page, and can be opened. */
const MAX_BYTES = 6 * 1024 * 1024;
/** Decoded, it takes four bytes for each. A small file can have very many. */
const MAX_PIXELS = 40_000_000;

/** The address by which the page shows a picture; undefined for one that is too large, or nothing that it can show. */
export function pictureAddress(bytes: Buffer): string | undefined {
  const picture = bytes.length <= MAX_BYTES ? pictureFile(bytes) : undefined;
  if (picture === undefined || picture.width * picture.height > MAX_PIXELS) return undefined;
  return `data:${picture.mediaType};base64,${bytes.toString('base64')}`;
}
