/**
 * Reads some events of a run from its journal alone, for as long as its index is not open. What cannot be told for
 * certain from a few looks at the file is left to the index.
 */
import type { FileHandle } from 'node:fs/promises';
import { openRegular } from '../../common/disks/regularFile';
import type { NumberedEvent } from '../events';
import { eachRecord, readAt } from './journalReader';
import type { JournalRecord } from './journalRecord';
import { numberedEvent } from './numberedEvent';

export interface JournalPageQuery {
  /** The first `seq` of the page. */
  fromSeq: number;
  /** Events that the page has at most. */
  limit: number;
  /** The highest `seq` that the journal is known to have. */
  eventCount: number;
}

/** Read from the end, where people look first: some two hundred records. */
const TAIL_BYTES = 128 * 1024;
const CHUNK_BYTES = 64 * 1024;
/** Read for the one record that a step of the search looks at. */
const PROBE_BYTES = 8 * 1024;
/** A page, or a line, for which more had to be read is left to the index. */
const MAX_BYTES = 8 * 1024 * 1024;
const NEWLINE = 0x0a;

/** Records in order of `seq`, and where the first of their lines begins. */
interface Part {
  start: number;
  records: JournalRecord[];
}

/** Only the index can tell. */
class UncertainError extends Error {}

/** The record of each complete line, and the length of these lines. */
function recordsOf(bytes: Buffer): { records: JournalRecord[]; length: number } {
  const records: JournalRecord[] = [];
  const length = eachRecord(bytes, (record) => {
    if ('damaged' in record || record.seq <= (records.at(-1)?.seq ?? 0)) throw new UncertainError();
    records.push(record);
  });
  return { records, length };
}

/** The last records. A torn last line is not yet a record. */
async function readTail(file: FileHandle, size: number): Promise<Part> {
  for (let length = TAIL_BYTES; length <= MAX_BYTES; length *= 4) {
    const offset = Math.max(0, size - length);
    const bytes = await readAt(file, Buffer.allocUnsafe(size - offset), offset);
    const skipped = offset === 0 ? 0 : bytes.indexOf(NEWLINE) + 1; // the end of a line that begins before
    const { records } = recordsOf(bytes.subarray(skipped));
    if (records.length > 0 && (offset === 0 || skipped > 0)) return { start: offset + skipped, records };
    if (offset === 0) break;
  }
  throw new UncertainError();
}

/** The first record whose line begins at `offset` or later; undefined where none begins before `end`. */
async function firstFrom(
  file: FileHandle,
  offset: number,
  end: number,
): Promise<{ offset: number; seq: number } | undefined> {
  for (let length = PROBE_BYTES; length <= MAX_BYTES; length *= 4) {
    const bytes = await readAt(file, Buffer.allocUnsafe(length), offset - 1);
    const before = bytes.indexOf(NEWLINE);
    if (before === -1) {
      if (offset - 1 + length >= end) return undefined;
      continue;
    }
    let start = before + 1;
    while (bytes[start] === NEWLINE) start++;
    if (offset - 1 + start >= end) return undefined;
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline === -1) continue;
    const [record] = recordsOf(bytes.subarray(start, newline + 1)).records;
    if (record !== undefined) return { offset: offset - 1 + start, seq: record.seq };
  }
  throw new UncertainError();
}

/** Where to read on from to come to `fromSeq`, which is before `tail`, at a line within a chunk before it. */
async function findStart(file: FileHandle, fromSeq: number, tail: Part): Promise<number> {
  let low = { offset: 0, seq: 0 };
  let high = { offset: tail.start, seq: tail.records[0]?.seq ?? 0 };
  while (high.offset - low.offset > CHUNK_BYTES && low.seq < fromSeq - 1) {
    const middle = Math.floor((low.offset + high.offset) / 2);
    const probe = await firstFrom(file, middle, high.offset);
    if (probe !== undefined && (probe.seq <= low.seq || probe.seq >= high.seq)) throw new UncertainError();
    if (probe !== undefined && probe.seq < fromSeq) low = probe;
    else high = { offset: middle, seq: probe?.seq ?? high.seq };
  }
  return low.offset;
}

/** `limit` records from `fromSeq` on, or fewer where the journal ends. */
async function readPage(file: FileHandle, { fromSeq, limit, eventCount }: JournalPageQuery): Promise<JournalRecord[]> {
  const tail = await readTail(file, (await file.stat()).size);
  if ((tail.records.at(-1)?.seq ?? 0) < eventCount) throw new UncertainError(); // it was cut
  const page: JournalRecord[] = [];
  let lastSeq = 0;
  const add = (records: readonly JournalRecord[]): void => {
    if ((records[0]?.seq ?? Infinity) <= lastSeq) throw new UncertainError();
    lastSeq = records.at(-1)?.seq ?? lastSeq;
    for (const record of records) if (record.seq >= fromSeq && page.length < limit) page.push(record);
  };
  const isInTail = tail.start === 0 || (tail.records[0]?.seq ?? 0) <= fromSeq;
  let offset = isInTail ? tail.start : await findStart(file, fromSeq, tail);
  let chunkBytes = CHUNK_BYTES;
  for (let readBytes = 0; offset < tail.start && page.length < limit;) {
    const bytes = await readAt(file, Buffer.allocUnsafe(Math.min(chunkBytes, tail.start - offset)), offset);
    const { records, length } = recordsOf(bytes);
    add(records);
    offset += length;
    readBytes += bytes.length;
    chunkBytes = length > 0 ? CHUNK_BYTES : chunkBytes * 4;
    if (readBytes > MAX_BYTES) throw new UncertainError();
  }
  add(tail.records);
  return page;
}

/**
 * Events of a run in order of `seq`; undefined where the index has to be asked: a damaged or doubled record among what
 * was read, a journal that is shorter than it was, very long lines. Right only for a journal of ascending `seq`.
 * @throws the system's error where the journal cannot be read
 */
export async function readJournalPage(path: string, query: JournalPageQuery): Promise<NumberedEvent[] | undefined> {
  const file = await openRegular(path);
  try {
    return (await readPage(file, query)).map(numberedEvent);
  } catch (error) {
    if (error instanceof UncertainError) return undefined;
    throw error;
  } finally {
    await file.close();
  }
}
