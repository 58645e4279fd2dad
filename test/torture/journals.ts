/** What the journals of a store say, read here without any database. */
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

/** An event by its place and its content. */
export interface Mark {
  runId: string;
  seq: number;
  digest: string;
}

export interface RunJournal {
  marks: Mark[];
  /** Lines that the agent printed. */
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
  assert.equal(
    createHash('sha256').update(content).digest('hex'),
    blob.sha256,
    'a blob has other content than its name says',
  );
  return content.toString('utf8');
}

/** Reads a run's journal. Throws where a number or a line of the agent is missing or there twice, time runs backwards, a line is damaged or a blob is not whole. */
export async function readRun(run: RunPaths, runId: string): Promise<RunJournal> {
  const { records, damaged } = await readJournal(run.events, JOURNAL_START, Number.MAX_SAFE_INTEGER);
  assert.equal(damaged, 0, `${run.events} has damaged lines`);
  const marks: Mark[] = [];
  const output: string[] = [];
  let timestamp = '';
  let kind = '';
  for (const record of records) {
    assert.equal(record.seq, marks.length + 1, `${run.events} does not go on by one`);
    assert.ok(record.timestamp >= timestamp, `time runs backwards in ${run.events} at ${record.seq}`);
    const draft = parseDraft(record.kind, record.data);
    assert.ok(draft, `${record.kind} is no event`);
    if (draft.kind === 'output' && draft.data.stream === 'stdout') output.push(await wholeText(run, draft));
    marks.push({ runId, seq: record.seq, digest: digestOf(draft) });
    ({ timestamp, kind } = record);
  }
  return { marks, lineCount: countLines(output.join('\n')), hasExited: kind === 'run.exited' };
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

/** Throws unless SQLite finds every database of the store sound. Gives how many there are. */
export async function checkDatabases(paths: StorePaths): Promise<number> {
  const { Database } = await (engine ??= initSqlJs({ locateFile: (name) => join(projectRoot, 'dist', name) }));
  const names = (await readdir(paths.root, { recursive: true })).filter((name) => name.endsWith('.sqlite'));
  for (const name of names) {
    const database = new Database(await readFile(join(paths.root, name)));
    assert.deepEqual(database.exec('PRAGMA quick_check')[0]?.values, [['ok']], `${name} is damaged`);
    assert.deepEqual(database.exec('PRAGMA foreign_key_check'), [], `${name} has orphans`);
    database.close();
  }
  return names.length;
}
