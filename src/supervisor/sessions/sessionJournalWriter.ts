import type { FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { openRegular } from '../../common/disks/regularFile';
import { syncDirectory } from '../../storage/journal/durableFile';
import { readAt } from '../../storage/journal/journalReader';
import { decodeRecord, encodeRecord } from '../../storage/journal/journalRecord';
import type { SessionPaths } from '../../storage/paths';
import type { DraftSessionRecord, SessionRecord } from '../../storage/sessionRecords';
import { withLock } from '../system/locks';

const LOCK_TIMEOUT_MS = 30_000;
const FIRST_LOOK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
/** The flags of `a+`. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;

interface Tail {
  seq: number;
  timestamp: string;
  /** True where a crash left the last line incomplete. */
  torn: boolean;
}

/**
 * Appends to `session.jsonl` under the session's lock, since every window may write it, and syncs the record. The file
 * is never cut: a newline ends a torn last line.
 */
export async function appendSessionRecord(
  paths: SessionPaths,
  /** Checks the precondition and gives the record; undefined appends nothing. Throws where the precondition fails. */
  decide: () => Promise<DraftSessionRecord | undefined>,
): Promise<SessionRecord | undefined> {
  return await withLock(
    paths.lockName,
    async (stillOwner) => {
      const draft = await decide();
      if (draft === undefined) return undefined;
      const file = await openRegular(paths.journal, APPEND, 0o600);
      try {
        const tail = await readTail(file);
        const now = new Date().toISOString();
        const record: SessionRecord = {
          ...draft,
          seq: tail.seq + 1,
          timestamp: now > tail.timestamp ? now : tail.timestamp,
        };
        const line = encodeRecord(record);
        await stillOwner();
        await file.appendFile(tail.torn ? Buffer.concat([Buffer.from([NEWLINE]), line]) : line);
        await file.datasync();
        if (tail.seq === 0) await syncDirectory(paths.root); // the file may be new
        return record;
      } finally {
        await file.close();
      }
    },
    { timeoutMs: LOCK_TIMEOUT_MS },
  );
}

/** Finds the last readable record. Reads backwards in growing steps, so that a long journal is not read as a whole. */
async function readTail(file: FileHandle): Promise<Tail> {
  const { size } = await file.stat();
  const tail: Tail = { seq: 0, timestamp: '', torn: false };
  for (let length = Math.min(size, FIRST_LOOK_BYTES); length > 0; length = Math.min(size, length * 2)) {
    const buffer = await readAt(file, Buffer.alloc(length), size - length);
    tail.torn = buffer.at(-1) !== NEWLINE;
    const last = lastRecord(buffer, length === size);
    if (last !== undefined) return { ...tail, seq: last.seq, timestamp: last.timestamp };
    if (length === size) break;
  }
  return tail;
}

function lastRecord(buffer: Buffer, isWhole: boolean): { seq: number; timestamp: string } | undefined {
  let end = buffer.lastIndexOf(NEWLINE);
  while (end > 0) {
    const start = buffer.lastIndexOf(NEWLINE, end - 1) + 1;
    if (start === 0 && !isWhole) return undefined; // the line may begin before the buffer
    const record = decodeRecord(buffer.subarray(start, end));
    if (!('damaged' in record)) return record;
    end = start - 1;
  }
  return undefined;
}
