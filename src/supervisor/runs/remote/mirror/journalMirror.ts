import type { Readable } from 'node:stream';
import * as v from 'valibot';
import { sha256Schema } from '../../../../storage/ids';
import { eachRecord } from '../../../../storage/journal/journalReader';
import type { AppendedFile } from './appendedFile';

/** No runner writes a longer line. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
const NEWLINE = 0x0a;
const NOTHING = Buffer.alloc(0);
/** So much of what has come is appended at once: each append costs several looks at the disk. */
const BATCH_BYTES = 512 * 1024;
/** One of them is in each record that matters to a copy. A quote at their beginning would make the search slow. */
const WORDS = ['snapshot"', 'run.exited"', 'blobs"'].map((word) => Buffer.from(word));

const blobReferenceSchema = v.object({
  sha256: sha256Schema,
  bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
});
export type BlobReference = v.InferOutput<typeof blobReferenceSchema>;
const blobsSchema = v.object({ blobs: v.record(v.string(), blobReferenceSchema) });

export interface JournalMirrorOptions {
  /** The bytes of the journal on the host from an offset on, and what is appended to it. */
  tail: (offset: number) => Readable;
  /** Brings blobs here, before the lines that name them. */
  takeBlobs: (blobs: readonly BlobReference[]) => Promise<void>;
  onSnapshot: () => void;
  /** Before the record of the run's end. */
  beforeEnd: () => Promise<void>;
  onAppended: () => void;
  /** How long the journal of a runner is that is dead; undefined while it may write. */
  finalBytes: () => number | undefined;
}

/**
 * Appends to the journal's copy what the journal on the host has more, line by line, until the record of the run's end
 * or, of a dead runner, until its last byte; false where the stream ended before that.
 * @throws what the stream throws, and Error where the two differ
 */
export async function mirrorJournal(copy: AppendedFile, options: JournalMirrorOptions): Promise<boolean> {
  /** Of the stream's bytes, those that are not appended. At its end may be a line that has not come whole. */
  const pending = new PendingBytes();
  const torn = await copy.tornLine();
  let known = torn;
  const start = copy.length - torn.length;
  let read = 0;
  const isAtEnd = (): boolean => Math.max(copy.length, start + read) >= (options.finalBytes() ?? Infinity);
  if (isAtEnd()) return true;
  const stream = options.tail(start);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    read += chunk.length;
    pending.add(chunk);
    if (stream.readableLength > 0 && pending.bytes.length < BATCH_BYTES) continue;
    const end = pending.bytes.lastIndexOf(NEWLINE) + 1;
    if (pending.bytes.length - end > MAX_LINE_BYTES)
      throw new Error('The journal there has a line that no runner writes');
    if (end > 0) {
      const lines = pending.bytes.subarray(0, end);
      if (!startsWith(lines, known)) throw new Error('The journal there is not the one of which a part is here');
      if (await appendLines(copy, lines, known.length, options)) return true;
      known = NOTHING;
      pending.remove(end);
    }
    if (!isAtEnd()) continue;
    // A runner that was killed may have written a part of a line.
    if (startsWith(pending.bytes, known)) await copy.append(pending.bytes.subarray(known.length));
    options.onAppended();
    return true;
  }
  return false;
}

/** Bytes that come at one end and go at the other, in one buffer: many would keep the garbage collector busy. */
class PendingBytes {
  #space = NOTHING;
  #length = 0;

  /** Valid until the next change. */
  get bytes(): Buffer {
    return this.#space.subarray(0, this.#length);
  }

  add(bytes: Buffer): void {
    const length = this.#length + bytes.length;
    if (length > this.#space.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#space.length));
      this.#space.copy(larger, 0, 0, this.#length);
      this.#space = larger;
    }
    bytes.copy(this.#space, this.#length);
    this.#length = length;
  }

  remove(count: number): void {
    this.#space.copyWithin(0, count, this.#length);
    this.#length -= count;
    if (this.#length === 0) this.#space = NOTHING; // thousands of copies wait for the next event most of the time
  }
}

/** Appends whole lines but for the first bytes, which are here. True where the last of them ends the run. */
async function appendLines(
  copy: AppendedFile,
  lines: Buffer,
  knownBytes: number,
  options: JournalMirrorOptions,
): Promise<boolean> {
  const { blobs, hasSnapshot, isOver } = look(lines);
  await options.takeBlobs(blobs);
  const last = isOver ? lines.lastIndexOf(NEWLINE, -2) + 1 : lines.length;
  await copy.append(lines.subarray(knownBytes, Math.max(knownBytes, last)));
  options.onAppended();
  if (hasSnapshot) options.onSnapshot();
  if (!isOver) return false;
  await options.beforeEnd();
  await copy.append(lines.subarray(Math.max(last, knownBytes)));
  await copy.sync();
  options.onAppended();
  return true;
}

function startsWith(bytes: Buffer, start: Buffer): boolean {
  return bytes.subarray(0, start.length).equals(start);
}

function look(lines: Buffer): { blobs: BlobReference[]; hasSnapshot: boolean; isOver: boolean } {
  const found = { blobs: [] as BlobReference[], hasSnapshot: false, isOver: false };
  if (!WORDS.some((word) => lines.includes(word))) return found; // most are output, which is not to be parsed here
  eachRecord(lines, (record) => {
    if ('damaged' in record) return;
    if (record.kind === 'snapshot') found.hasSnapshot = true;
    if (record.kind === 'run.exited') found.isOver = true;
    const named = v.safeParse(blobsSchema, record.data);
    if (named.success) found.blobs.push(...Object.values(named.output.blobs));
  });
  return found;
}
