/** The journals of one session, read on in one bounded step and made into records and events. */
import { stat } from 'node:fs/promises';
import { hasCode } from '../../common/errors';
import type { DraftEvent, NumberedEvent } from '../events';
import { parseDraft } from '../events';
import { isId } from '../ids';
import type { JournalPosition } from './journalReader';
import { readJournal } from './journalReader';
import type { JournalRecord } from './journalRecord';
import type { SessionPaths } from '../paths';
import type { SessionRecord } from '../sessionRecords';
import { parseSessionRecord } from '../sessionRecords';
import { readdirIfExists } from '../../common/readdirIfExists';

/** What one step read of one journal: a part of session.jsonl, or (with `runId`) of a run's events.jsonl. */
export interface JournalPart {
  /** Relative to the session's folder, with forward slashes: the key in `sources`. */
  source: string;
  runId?: string;
  from: JournalPosition;
  to: JournalPosition;
  records: SessionRecord[];
  events: NumberedEvent[];
  damaged: number;
}

export interface SessionStep {
  parts: JournalPart[];
  /** The bound was reached; there is more. */
  more: boolean;
  /** A journal is shorter than what was read of it, or another one: everything of the session is to be read anew. */
  reset: boolean;
}

export const SESSION_SOURCE = 'session.jsonl';

export function runSource(runId: string): string {
  return `runs/${runId}/events.jsonl`;
}

/** Ids of all runs that have a folder, in one order. */
export async function listRunIds(paths: SessionPaths): Promise<string[]> {
  return (await readdirIfExists(paths.runs)).filter(isId).sort();
}

/** A record of a kind or shape that this version does not know is shown as it stands, not dropped. */
function draftOf(record: JournalRecord): DraftEvent {
  return (
    parseDraft(record.kind, record.data) ?? {
      kind: 'output',
      data: { stream: 'stdout', text: `${record.kind} ${JSON.stringify(record.data)}` },
    }
  );
}

async function readPart(
  path: string,
  source: string,
  runId: string | undefined,
  from: JournalPosition,
  maxBytes: number,
): Promise<{ part: JournalPart; atEnd: boolean } | undefined> {
  const step = await readJournal(path, from, maxBytes);
  if (step.reset) return undefined;
  const part: JournalPart = { source, from, to: step.position, records: [], events: [], damaged: step.damaged };
  if (runId !== undefined) {
    part.runId = runId;
    part.events = step.records.map((record) => ({
      seq: record.seq,
      timestamp: record.timestamp,
      draft: draftOf(record),
    }));
    return { part, atEnd: step.atEnd };
  }
  for (const record of step.records) {
    const draft = parseSessionRecord(record.kind, record.data);
    if (draft === undefined) part.damaged++;
    else part.records.push({ ...draft, seq: record.seq, timestamp: record.timestamp });
  }
  return { part, atEnd: step.atEnd };
}

/** Each journal of the session with its source: session.jsonl, which knows the runs' ordinals, comes first. */
function journalsOf(
  paths: SessionPaths,
  runIds: readonly string[],
): { path: string; source: string; runId: string | undefined }[] {
  return [
    { path: paths.journal, source: SESSION_SOURCE, runId: undefined },
    ...runIds.map((runId) => ({ path: paths.run(runId).events, source: runSource(runId), runId })),
  ];
}

/** Bytes of a journal; 0 where there is none. */
export async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** How much of the session's journals was read: less than 1. */
export async function readShare(
  paths: SessionPaths,
  runIds: readonly string[],
  positionOf: (source: string) => JournalPosition,
): Promise<number> {
  let readBytes = 0;
  let allBytes = 1; // so that the last, unread byte is never rounded away
  for (const { path, source } of journalsOf(paths, runIds)) {
    readBytes += positionOf(source).offset;
    allBytes += await sizeOf(path);
  }
  return Math.min(readBytes / allBytes, 1 - Number.EPSILON);
}

/** Reads what is new in session.jsonl and then in the runs of `runIds`. Parts are only what had something new. */
export async function readSession(
  paths: SessionPaths,
  runIds: readonly string[],
  positionOf: (source: string) => JournalPosition,
  maxBytes: number,
): Promise<SessionStep> {
  const parts: JournalPart[] = [];
  let budget = maxBytes;
  for (const { path, source, runId } of journalsOf(paths, runIds)) {
    if (budget <= 0) return { parts, more: true, reset: false };
    const from = positionOf(source);
    const read = await readPart(path, source, runId, from, budget);
    if (read === undefined) return { parts: [], more: false, reset: true };
    const bytes = read.part.to.offset - from.offset;
    budget -= bytes;
    if (bytes > 0) parts.push(read.part);
    if (!read.atEnd) return { parts, more: true, reset: false };
  }
  return { parts, more: false, reset: false };
}
