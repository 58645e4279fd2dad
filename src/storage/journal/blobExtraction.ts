/** Keeps the lines of a journal short: what is too large moves to `blobs/`, and the line keeps a preview of it. */
import { createHash } from 'node:crypto';
import { startOf } from '../../common/shorten';
import type { BlobReferences } from '../events';
import { isPictureData } from '../events';
import { escapeKey } from './jsonPointer';

/** The whole content of a field, named by its hash: a text as UTF-8, any other value as JSON. */
export interface Blob {
  sha256: string;
  content: Buffer;
}

/** A string of more bytes than this moves to a blob. */
export const BLOB_THRESHOLD_BYTES = 64 * 1024;
/** A line is about this long at most. */
const LINE_LIMIT_BYTES = 256 * 1024;
const PREVIEW_BYTES = 4 * 1024;

class Extraction {
  readonly blobs: Blob[] = [];
  readonly references: BlobReferences = {};

  /** Moves `content` out and gives its preview, which ends with a whole character. */
  move(pointer: string, content: Buffer): string {
    const sha256 = createHash('sha256').update(content).digest('hex');
    this.blobs.push({ sha256, content });
    this.references[pointer] = { sha256, bytes: content.length };
    return previewOf(content);
  }

  /** `value` with previews in place of its large strings, however deep they lie. */
  moveStrings(value: unknown, pointer: string): unknown {
    if (typeof value === 'string') {
      const isPicture = isPictureData(pointer);
      const limitBytes = isPicture ? PREVIEW_BYTES : BLOB_THRESHOLD_BYTES;
      if (Buffer.byteLength(value) <= limitBytes) return value;
      const preview = this.move(pointer, Buffer.from(value));
      return isPicture ? '' : preview; // a part of a picture shows nothing
    }
    if (Array.isArray(value)) return value.map((item, index) => this.moveStrings(item, `${pointer}/${index}`));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, this.moveStrings(item, `${pointer}/${escapeKey(key)}`)]),
    );
  }

  /** Moves a whole field out. Of a list the first items stay, so that the data keeps its shape. */
  moveField(value: unknown, pointer: string): unknown {
    const preview = this.move(pointer, Buffer.from(typeof value === 'string' ? value : jsonOf(value)));
    if (!Array.isArray(value)) return preview;
    let budget = PREVIEW_BYTES;
    return value.filter((item) => (budget -= Buffer.byteLength(jsonOf(item))) >= 0);
  }

  /** Adds the references of what was moved out. */
  finish(data: object): object {
    return this.blobs.length === 0 ? data : { ...data, blobs: this.references };
  }
}

function previewOf(content: Buffer): string {
  const start = new TextDecoder().decode(content.subarray(0, PREVIEW_BYTES), { stream: true });
  const more = new TextDecoder().decode(content.subarray(0, PREVIEW_BYTES * 2), { stream: true });
  return startOf(more, start.length);
}

function jsonOf(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** `data` short enough for a line, and the blobs that must be on disk before that line. */
export function extractBlobs(data: object): { data: object; blobs: Blob[] } {
  const byString = new Extraction();
  const moved = byString.finish(
    Object.fromEntries(
      Object.entries(data).map(([key, item]) => [key, byString.moveStrings(item, `/${escapeKey(key)}`)]),
    ),
  );
  if (Buffer.byteLength(jsonOf(moved)) <= LINE_LIMIT_BYTES) return { data: moved, blobs: byString.blobs };

  // Many small values are too long together: whole fields are moved, the largest first.
  const byField = new Extraction();
  const fields: Record<string, unknown> = { ...data };
  const sizes = Object.entries(data).map(([key, item]) => ({
    key,
    item: item as unknown,
    bytes: Buffer.byteLength(jsonOf(item)),
  }));
  let total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { key, item, bytes } of sizes.sort((a, b) => b.bytes - a.bytes)) {
    if (total <= LINE_LIMIT_BYTES / 2) break;
    fields[key] = byField.moveField(item, `/${escapeKey(key)}`);
    total -= bytes;
  }
  return { data: byField.finish(fields), blobs: byField.blobs };
}
