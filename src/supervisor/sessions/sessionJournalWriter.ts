import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { syncDirectory } from '../../storage/journal/durableFile';
import { readAt } from '../../storage/journal/journalReader';
import { decodeRecord, encodeRecord } from '../../storage/journal/journalRecord';
import type { SessionPaths } from '../../storage/paths';
import type { DraftSessionRecord, SessionRecord } from '../../storage/sessionRecords';
import { withLock } from '../system/locks';

const LOCK_TIMEOUT_MS = 30_000;
const FIRST_LOOK_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

interface Tail {
  seq: number;
  timestamp: string;
  /** The file ends in the middle of a line, which a crash left behind. */
  torn: boolean;
}

/**
 * Appends to session.jsonl, which every window may write: only under the session's lock, after the precondition was
 * checked against all that is on disk, and synced before it counts. It is never cut: a newline closes a torn tail.
 */
export async function appendSessionRecord(
  paths: SessionPaths,
  /** Checks the precondition and says what to append; undefined appends nothing. Throws CONFLICT where it no longer holds. */
  decide: () => Promise<DraftSessionRecord | undefined>,
): Promise<SessionRecord | undefined> {
  return await withLock(
    paths.lockName,
    async (stillOwner) => {
      const draft = await decide();
      if (draft === undefined) return undefined;
      const file = await open(paths.journal, 'a+', 0o600);
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
        if (tail.seq === 0) await syncDirectory(paths.root); // perhaps its first record: then its name is new too
        return record;
      } finally {
        await file.close();
      }
    },
    { timeoutMs: LOCK_TIMEOUT_MS },
  );
}

/** The last readable record, looked for from the end in steps, so that a long history is not read for it. */
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
    if (start === 0 && !isWhole) return undefined; // the line may begin before this window
    const record = decodeRecord(buffer.subarray(start, end));
    if (!('damaged' in record)) return record;
    end = start - 1;
  }
  return undefined;
}
