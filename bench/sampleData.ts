/** Sample events like those of agents: about 300 bytes, now and then 10 KB. */
import { mkdir, writeFile } from 'node:fs/promises';
import type { DraftEvent, SessionEvent } from '../src/storage/events';
import { eventId, newId } from '../src/storage/ids';
import { encodeRecord } from '../src/storage/journal/journalRecord';
import type { StorePaths } from '../src/storage/paths';

const START_MS = Date.parse('2026-01-01T00:00:00.000Z');
const WORDS =
  'the quick agent reads a file then edits another and runs every test before it says what changed in which module and why '.split(
    ' ',
  );

function words(count: number, from: number): string {
  return Array.from({ length: count }, (_, index) => WORDS[(from * 7 + index * 3) % WORDS.length] ?? '').join(' ');
}

export function draft(number: number): DraftEvent {
  if (number % 50 === 0)
    return { kind: 'tool.result', data: { callId: `call-${number}`, status: 'ok', output: words(2_000, number) } };
  if (number % 3 === 0)
    return {
      kind: 'tool.call',
      data: {
        callId: `call-${number}`,
        name: 'Edit',
        title: `Edit src/file${number}.ts`,
        input: { path: `src/file${number}.ts`, text: words(20, number) },
        category: 'edit',
        locations: [{ path: `src/file${number}.ts`, line: number }],
      },
    };
  return { kind: 'message', data: { role: 'assistant', text: words(40, number) } };
}

/** Makes many events, before any time is measured. */
export function drafts(count: number): DraftEvent[] {
  return Array.from({ length: count }, (_, index) => draft(index + 1));
}

export function timestampOf(number: number): string {
  return new Date(START_MS + number * 10).toISOString();
}

export function eventOf(sessionId: string, runId: string, seq: number): SessionEvent {
  return { ...draft(seq), id: eventId(1, seq), sessionId, runId, seq, timestamp: timestampOf(seq) };
}

/** The records of a session with one run. */
export function sessionJournal(sessionId: string, runId: string, timestamp: string): Buffer {
  const created = {
    title: `Session ${sessionId}`,
    prompt: 'Do it',
    agent: 'claude',
    repository: '/repository',
    baseCommit: 'a'.repeat(40),
    worktreePath: '/worktree',
    permissionMode: 'edits',
  };
  return Buffer.concat([
    encodeRecord({ seq: 1, timestamp, kind: 'created', data: created }),
    encodeRecord({
      seq: 2,
      timestamp,
      kind: 'worktree.created',
      data: { worktreePath: '/worktree', baseCommit: 'a'.repeat(40) },
    }),
    encodeRecord({ seq: 3, timestamp, kind: 'run.queued', data: { runId, ordinal: 1, prompt: 'Do it' } }),
  ]);
}

/** Writes the files of a finished session directly. */
export async function writeSession(
  paths: StorePaths,
  eventCount: number,
): Promise<{ sessionId: string; runId: string }> {
  const [sessionId, runId] = [newId(), newId()];
  const session = paths.session(sessionId);
  await mkdir(session.run(runId).blobs, { recursive: true });
  const timestamp = timestampOf(0);
  await writeFile(session.journal, sessionJournal(sessionId, runId, timestamp));
  const lines: Buffer[] = [
    encodeRecord({
      seq: 1,
      timestamp,
      kind: 'run.started',
      data: { ordinal: 1, agent: 'claude', driver: 'claude', argv: ['claude'], cwd: '/worktree' },
    }),
  ];
  for (let seq = 2; seq < eventCount; seq++)
    lines.push(encodeRecord({ seq, timestamp: timestampOf(seq), ...draft(seq) }));
  lines.push(
    encodeRecord({
      seq: eventCount,
      timestamp: timestampOf(eventCount),
      kind: 'run.exited',
      data: { outcome: 'completed', exitCode: 0, signal: null, reason: 'Completed' },
    }),
  );
  await writeFile(session.run(runId).events, Buffer.concat(lines));
  return { sessionId, runId };
}
