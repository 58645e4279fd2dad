/** Reads on the journals of one session in bounded steps, as records and events. */
import { stat } from 'node:fs/promises';
import { messageOf } from '../../common/errors';
import { ifExists } from '../../common/ifExists';
import type { NumberedEvent } from '../events';
import { isId } from '../ids';
import type { JournalPosition } from './journalReader';
import { readJournal } from './journalReader';
import { numberedEvent } from './numberedEvent';
import type { SessionPaths } from '../paths';
import type { SessionRecord } from '../sessionRecords';
import { parseSessionRecord } from '../sessionRecords';
import { readdirIfExists } from '../../common/readdirIfExists';

/** What one step read of session.jsonl, or with `runId` of a run's events.jsonl. */
export interface JournalPart {
  /** The journal's path in the session's folder, with forward slashes. */
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
  /** The step ended at its limit. */
  more: boolean;
  /** A journal was cut or replaced, so everything of the session has to be read again. */
  reset: boolean;
  /** What kept a journal from being read, where something did; the others were read. */
  unreadable?: string;
}

/** On a slow disk a step ends after this time, if anything new was read in it. */
const STEP_MS = 1_000;

export const SESSION_SOURCE = 'session.jsonl';

export function runSource(runId: string): string {
  return `runs/${runId}/events.jsonl`;
}

/** Ids of all runs that have a folder, sorted. */
export async function listRunIds(paths: SessionPaths): Promise<string[]> {
  return (await readdirIfExists(paths.runs)).filter(isId).sort();
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
    part.events = step.records.map(numberedEvent);
    return { part, atEnd: step.atEnd };
  }
  for (const record of step.records) {
    const draft = parseSessionRecord(record.kind, record.data);
    if (draft === undefined) part.damaged++;
    else part.records.push({ ...draft, seq: record.seq, timestamp: record.timestamp });
  }
  return { part, atEnd: step.atEnd };
}

/** The journals of the session. session.jsonl comes first, since it has the ordinals of the runs. */
function journalsOf(
  paths: SessionPaths,
  runIds: readonly string[],
): { path: string; source: string; runId: string | undefined }[] {
  return [
    { path: paths.journal, source: SESSION_SOURCE, runId: undefined },
    ...runIds.map((runId) => ({ path: paths.run(runId).events, source: runSource(runId), runId })),
  ];
}

/** Length of a file in bytes; 0 where there is none. */
export async function fileSize(path: string): Promise<number> {
  return (await ifExists(stat(path)))?.size ?? 0;
}

/** The share of the session's journals that was read, always below 1. */
export async function readShare(
  paths: SessionPaths,
  runIds: readonly string[],
  positionOf: (source: string) => JournalPosition,
): Promise<number> {
  let readBytes = 0;
  let allBytes = 1; // keeps the share below 1
  for (const { path, source } of journalsOf(paths, runIds)) {
    readBytes += positionOf(source).offset;
    allBytes += await fileSize(path);
  }
  return Math.min(readBytes / allBytes, 1 - Number.EPSILON);
}

/**
 * Reads on session.jsonl and then the journals of `runIds`. Only journals with something new give a part, and one that
 * cannot be read keeps none of the others from it.
 */
export async function readSession(
  paths: SessionPaths,
  runIds: readonly string[],
  positionOf: (source: string) => JournalPosition,
  maxBytes: number,
): Promise<SessionStep> {
  const parts: JournalPart[] = [];
  const end = performance.now() + STEP_MS;
  let budget = maxBytes;
  let failure: { unreadable?: string } = {};
  for (const { path, source, runId } of journalsOf(paths, runIds)) {
    const isLate = parts.length > 0 && performance.now() > end;
    if (budget <= 0 || isLate) return { parts, more: true, reset: false, ...failure };
    const from = positionOf(source);
    const read = await readPart(path, source, runId, from, budget).catch((error: unknown) => {
      failure = { unreadable: messageOf(error) };
      return 'unreadable' as const;
    });
    if (read === 'unreadable') continue;
    if (read === undefined) return { parts: [], more: false, reset: true };
    const bytes = read.part.to.offset - from.offset;
    budget -= bytes;
    if (bytes > 0) parts.push(read.part);
    if (!read.atEnd) return { parts, more: true, reset: false, ...failure };
  }
  return { parts, more: false, reset: false, ...failure };
}
