/** Reads a journal on from a position, in bounded steps. Only complete lines count, and damaged ones are skipped. */
import type { FileHandle } from 'node:fs/promises';
import { ifExists } from '../../common/ifExists';
import { openRegular } from '../../common/disks/regularFile';
import { decodeRecord } from './journalRecord';
import type { DamagedLine, JournalRecord } from './journalRecord';

/** How far a journal was read. */
export interface JournalPosition {
  /** In bytes. */
  offset: number;
  /** The bytes before `offset` as Latin-1, by which a replaced journal is noticed. */
  fingerprint: string;
}

export const JOURNAL_START: JournalPosition = { offset: 0, fingerprint: '' };

export interface JournalStep {
  records: JournalRecord[];
  /** Complete lines that were no records and were skipped. */
  damaged: number;
  position: JournalPosition;
  /** How many of them follow the last record. */
  damagedAtEnd: number;
  /** False where the step ended at its limit, before the last complete line. */
  atEnd: boolean;
  /** The journal was cut or replaced, so nothing was read: begin again at `JOURNAL_START`. */
  reset: boolean;
}

const CHUNK_BYTES = 256 * 1024;
/** No writer makes a longer line: it is skipped as damaged. */
const MAX_LINE_BYTES = 32 * 1024 * 1024;
/** As many as hold the checksum of the last record. */
const FINGERPRINT_BYTES = 20;
const NEWLINE = 0x0a;

/** Fills `buffer` from `offset` on, as far as the file goes, and gives the part that was filled. */
export async function readAt(file: FileHandle, buffer: Buffer, offset: number): Promise<Buffer> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** The offset behind the first newline from `offset` on, or undefined where there is none yet. */
async function skipLine(file: FileHandle, offset: number): Promise<number | undefined> {
  for (let at = offset; ; at += CHUNK_BYTES) {
    const chunk = await readAt(file, Buffer.allocUnsafe(CHUNK_BYTES), at);
    const newline = chunk.indexOf(NEWLINE);
    if (newline !== -1) return at + newline + 1;
    if (chunk.length < CHUNK_BYTES) return undefined;
  }
}

function emptyStep(position: JournalPosition): JournalStep {
  return { records: [], damaged: 0, position, damagedAtEnd: 0, atEnd: true, reset: false };
}

/** Hands the record of each complete line of `bytes` to `take`, and gives the length of these lines in bytes. */
export function eachRecord(bytes: Buffer, take: (record: JournalRecord | DamagedLine) => void): number {
  let start = 0;
  for (let newline = bytes.indexOf(NEWLINE); newline !== -1; newline = bytes.indexOf(NEWLINE, start)) {
    const line = bytes.subarray(start, newline);
    start = newline + 1;
    // An empty one was to close a torn line, and there was none.
    if (line.length > 0) take(decodeRecord(line));
  }
  return start;
}

/** Adds the complete lines of `bytes` to `step` and gives their length in bytes. */
function takeLines(bytes: Buffer, step: JournalStep): number {
  return eachRecord(bytes, (record) => {
    if ('damaged' in record) {
      step.damaged++;
      step.damagedAtEnd++;
    } else {
      step.records.push(record);
      step.damagedAtEnd = 0;
    }
  });
}

async function readLines(file: FileHandle, from: JournalPosition, maxBytes: number): Promise<JournalStep> {
  const step = emptyStep(from);
  const end = (await file.stat()).size;
  let offset = from.offset;
  let chunkBytes = CHUNK_BYTES;
  for (;;) {
    // The fingerprint and what follows it are read at once, as a live journal is read on many times a second.
    const fingerprintBytes = Math.min(FINGERPRINT_BYTES, offset);
    const wanted = Math.max(0, Math.min(chunkBytes, end - offset));
    const bytes = await readAt(file, Buffer.allocUnsafe(fingerprintBytes + wanted), offset - fingerprintBytes);
    if (offset === from.offset && bytes.toString('latin1', 0, fingerprintBytes) !== from.fingerprint)
      return { ...emptyStep(from), reset: true };
    const taken = takeLines(bytes.subarray(fingerprintBytes), step);
    offset += taken;
    const readBytes = fingerprintBytes + taken;
    const fingerprint = bytes.toString('latin1', Math.max(0, readBytes - FINGERPRINT_BYTES), readBytes);
    step.position = { offset, fingerprint };
    if (offset >= end) break;
    if (offset - from.offset >= maxBytes) return { ...step, atEnd: false };
    if (taken > 0) {
      chunkBytes = CHUNK_BYTES;
      continue;
    }
    if (bytes.length < fingerprintBytes + wanted || offset + wanted >= end) break; // a torn line: not yet a record
    chunkBytes *= 4;
    if (chunkBytes <= MAX_LINE_BYTES) continue;
    const next = await skipLine(file, offset);
    if (next === undefined) break;
    offset = next;
    chunkBytes = CHUNK_BYTES;
    step.damaged++;
    step.damagedAtEnd++;
  }
  return step;
}

/**
 * Reads on from `from`, about `maxBytes` at most and one line at least. A journal that is not there counts as empty.
 * @throws the system's error where the journal cannot be read
 */
export async function readJournal(path: string, from: JournalPosition, maxBytes: number): Promise<JournalStep> {
  const file = await ifExists(openRegular(path));
  if (file === undefined) return { ...emptyStep(from), reset: from.offset > 0 };
  try {
    return await readLines(file, from, maxBytes);
  } finally {
    await file.close();
  }
}
