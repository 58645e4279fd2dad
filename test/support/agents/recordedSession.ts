import { appendFile, mkdir } from 'node:fs/promises';
import type { DraftEvent } from '../../../src/storage/events';
import { newId } from '../../../src/storage/ids';
import { encodeRecord } from '../../../src/storage/journal/journalRecord';
import { JournalWriter } from '../../../src/storage/journal/journalWriter';
import type { DraftSessionRecord } from '../../../src/storage/sessionRecords';
import { openStore, ringDoorbell } from '../../../src/storage/store/store';

const START_MS = Date.parse('2026-03-02T09:00:00.000Z');

export interface RecordedEvent {
  event: DraftEvent;
  /** Milliseconds since the event before; a second by default. */
  afterMs?: number;
}

/** Writes the journals of a session that ran some time ago, as supervisor and runner would have. Returns its id. */
export async function writeRecording(
  storeRoot: string,
  {
    startMs = START_MS,
    baseCommit = 'a'.repeat(40),
    ...session
  }: { title: string; repository: string; worktreePath: string; agent?: string; startMs?: number; baseCommit?: string },
  events: readonly RecordedEvent[],
): Promise<string> {
  const { paths } = await openStore(storeRoot);
  const sessionId = newId();
  const runId = newId();
  const records: DraftSessionRecord[] = [
    {
      kind: 'created',
      data: { agent: 'claude', ...session, prompt: session.title, baseCommit, permissionMode: 'edits' },
    },
    { kind: 'worktree.created', data: { worktreePath: session.worktreePath, baseCommit } },
    { kind: 'run.queued', data: { runId, ordinal: 1, prompt: session.title } },
  ];
  const timestamp = new Date(startMs).toISOString();
  await mkdir(paths.session(sessionId).runs, { recursive: true });
  const run = paths.session(sessionId).run(runId);
  let nowMs = startMs;
  const writer = await JournalWriter.open(run, { tsFloor: timestamp, now: () => nowMs });
  for (const { event, afterMs = 1_000 } of events) {
    nowMs += afterMs;
    writer.append(event);
  }
  await writer.close();
  await appendFile(
    paths.session(sessionId).journal,
    Buffer.concat(records.map((record, index) => encodeRecord({ seq: index + 1, timestamp, ...record }))),
  );
  await ringDoorbell(paths, sessionId);
  return sessionId;
}
