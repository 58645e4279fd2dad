/** Reads and checks the journals of a store without any database. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import initSqlJs from 'sql.js';
import type { SqlJsStatic } from 'sql.js';
import { parseDraft } from '../../src/storage/events';
import type { DraftEvent } from '../../src/storage/events';
import { isId } from '../../src/storage/ids';
import { JOURNAL_START, readJournal } from '../../src/storage/journal/journalReader';
import type { RunPaths, StorePaths } from '../../src/storage/paths';
import { projectRoot } from '../support/project';
import { countLines } from './load';

/** An event by its run, its number and a digest of its content. */
export interface EventDigest {
  runId: string;
  seq: number;
  digest: string;
}

export interface RunJournal {
  events: EventDigest[];
  /** Number of lines that the agent printed. */
  lineCount: number;
  hasExited: boolean;
}

export function digestOf(event: DraftEvent): string {
  return createHash('sha1')
    .update(JSON.stringify([event.kind, event.data]))
    .digest('hex');
}

async function wholeText(run: RunPaths, event: DraftEvent & { kind: 'output' }): Promise<string> {
  const blob = event.data.blobs?.['/text'];
  if (blob === undefined) return event.data.text;
  const content = await readFile(run.blob(blob.sha256));
  assert.equal(createHash('sha256').update(content).digest('hex'), blob.sha256, 'a blob does not match its name');
  return content.toString('utf8');
}

/**
 * Reads a run's journal.
 * @throws if an event or a line of the agent is missing or doubled, time runs backwards, or a record or blob is damaged
 */
export async function readRun(run: RunPaths, runId: string): Promise<RunJournal> {
  const { records, damaged } = await readJournal(run.events, JOURNAL_START, Number.MAX_SAFE_INTEGER);
  assert.equal(damaged, 0, `${run.events} has damaged lines`);
  const events: EventDigest[] = [];
  const output: string[] = [];
  let timestamp = '';
  let kind = '';
  for (const record of records) {
    assert.equal(record.seq, events.length + 1, `${run.events} skips or repeats a number`);
    assert.ok(record.timestamp >= timestamp, `time runs backwards in ${run.events} at ${record.seq}`);
    const draft = parseDraft(record.kind, record.data);
    assert.ok(draft, `${record.kind} is no event`);
    if (draft.kind === 'output' && draft.data.stream === 'stdout') output.push(await wholeText(run, draft));
    events.push({ runId, seq: record.seq, digest: digestOf(draft) });
    ({ timestamp, kind } = record);
  }
  return { events, lineCount: countLines(output.join('\n')), hasExited: kind === 'run.exited' };
}

export async function readRuns(paths: StorePaths, sessionId: string): Promise<Map<string, RunJournal>> {
  const session = paths.session(sessionId);
  const runIds = (await readdir(session.runs).catch(() => [])).filter(isId);
  return new Map(
    await Promise.all(
      runIds.map(async (runId): Promise<[string, RunJournal]> => [runId, await readRun(session.run(runId), runId)]),
    ),
  );
}

let engine: Promise<SqlJsStatic> | undefined;

/** @throws if SQLite finds a database of the store damaged */
export async function checkDatabases(paths: StorePaths): Promise<void> {
  const { Database } = await (engine ??= initSqlJs({ locateFile: (name) => join(projectRoot, 'dist', name) }));
  const names = (await readdir(paths.root, { recursive: true })).filter((name) => name.endsWith('.sqlite'));
  for (const name of names) {
    const database = new Database(await readFile(join(paths.root, name)));
    assert.deepEqual(database.exec('PRAGMA quick_check')[0]?.values, [['ok']], `${name} is damaged`);
    assert.deepEqual(database.exec('PRAGMA foreign_key_check'), [], `${name} has orphans`);
    database.close();
  }
}
