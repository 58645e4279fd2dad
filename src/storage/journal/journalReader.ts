/** Reads a journal on from where a reader stands: complete lines only, bounded work, and damage never stops it. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { hasCode } from '../../common/errors';
import { decodeRecord } from './journalRecord';
import type { JournalRecord } from './journalRecord';

/** Where a reader stands. `mark` is the last bytes before `offset`: they tell this journal from another under the same name. */
export interface JournalPosition {
  offset: number;
  mark: string;
}

export const JOURNAL_START: JournalPosition = { offset: 0, mark: '' };

export interface JournalStep {
  records: JournalRecord[];
  /** Complete lines that were no records. They are skipped. */
  damaged: number;
  position: JournalPosition;
  /** Damaged lines after the last record of this step. */
  damagedAtEnd: number;
  /** False where the step's bound was reached before the last complete line. */
  atEnd: boolean;
  /** The journal is shorter than the position, or another one: nothing was read; begin again from `JOURNAL_START`. */
  reset: boolean;
}

const CHUNK_BYTES = 256 * 1024;
/** A line beyond this is skipped as damaged: no writer of ours makes one. */
const LINE_BYTES = 32 * 1024 * 1024;
/** Holds the checksum of the last record, and with it the journal's whole identity for our purpose. */
const MARK_BYTES = 20;
const NEWLINE = 0x0a;

/** Reads `file` at `offset` until `buffer` is full or the file ends; gives what was read. */
export async function readAt(file: FileHandle, buffer: Buffer, offset: number): Promise<Buffer> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

/** The offset after the next newline at or after `offset`, or undefined where there is none yet. */
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

/** Takes the complete lines of `bytes` into `step`; gives how many bytes they had. */
function takeLines(bytes: Buffer, step: JournalStep): number {
  let start = 0;
  for (let newline = bytes.indexOf(NEWLINE); newline !== -1; newline = bytes.indexOf(NEWLINE, start)) {
    const line = bytes.subarray(start, newline);
    start = newline + 1;
    if (line.length === 0) continue; // what closing a torn tail leaves where there was none
    const record = decodeRecord(line);
    if ('damaged' in record) {
      step.damaged++;
      step.damagedAtEnd++;
    } else {
      step.records.push(record);
      step.damagedAtEnd = 0;
    }
  }
  return start;
}

async function readLines(file: FileHandle, from: JournalPosition, maxBytes: number): Promise<JournalStep> {
  const step = emptyStep(from);
  const end = (await file.stat()).size;
  let offset = from.offset;
  let chunkBytes = CHUNK_BYTES;
  for (;;) {
    // One read has the mark before it and what follows: a live journal is read on all the time, and each call to the system takes its while.
    const markBytes = Math.min(MARK_BYTES, offset);
    const wanted = Math.max(0, Math.min(chunkBytes, end - offset));
    const bytes = await readAt(file, Buffer.allocUnsafe(markBytes + wanted), offset - markBytes);
    if (offset === from.offset && bytes.toString('latin1', 0, markBytes) !== from.mark)
      return { ...emptyStep(from), reset: true };
    const taken = takeLines(bytes.subarray(markBytes), step);
    offset += taken;
    const markEnd = markBytes + taken;
    step.position = { offset, mark: bytes.toString('latin1', Math.max(0, markEnd - MARK_BYTES), markEnd) };
    if (offset >= end) break;
    if (offset - from.offset >= maxBytes) return { ...step, atEnd: false };
    if (taken > 0) {
      chunkBytes = CHUNK_BYTES;
      continue;
    }
    if (bytes.length < markBytes + wanted || offset + wanted >= end) break; // a torn tail: not yet a record
    chunkBytes *= 4;
    if (chunkBytes <= LINE_BYTES) continue;
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
 * The records of the journal at `path` after `from`, at most about `maxBytes` of them (one line at least). A journal that is not there is empty.
 * Throws the system's error where it cannot be read.
 */
export async function readJournal(path: string, from: JournalPosition, maxBytes: number): Promise<JournalStep> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return { ...emptyStep(from), reset: from.offset > 0 };
    throw error;
  }
  try {
    return await readLines(file, from, maxBytes);
  } finally {
    await file.close();
  }
}
