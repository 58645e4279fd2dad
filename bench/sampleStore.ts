/** A store with many finished sessions and its index, made in seconds: all runs share the bytes of one journal. */
import { copyFile, link, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import initSqlJs from 'sql.js';
import { Catalog } from '../src/storage/database/catalog';
import { loadCheckpoint, writeCheckpoint } from '../src/storage/database/checkpoint';
import type { Connection } from '../src/storage/database/connection';
import { CATALOG_SCHEMA } from '../src/storage/database/schema';
import { Sources } from '../src/storage/database/sources';
import { openStoreIndex } from '../src/storage/database/storeIndexClient';
import { newId } from '../src/storage/ids';
import { runSource, SESSION_SOURCE } from '../src/storage/journal/sessionJournalReader';
import type { StorePaths } from '../src/storage/paths';
import type { SessionFacts } from '../src/storage/sessionFacts';
import { projectRoot } from '../test/support/project';
import { WORKER_PATH } from './liveTimeline';
import { sessionJournal, writeSession } from './sampleData';

const FINGERPRINT_BYTES = 20;

async function loadCatalog(paths: StorePaths): Promise<Connection> {
  const wasm = await readFile(join(projectRoot, 'dist/sql-wasm.wasm'));
  const engine = await initSqlJs({ wasmBinary: new Uint8Array(wasm).buffer });
  const connection = await loadCheckpoint(engine, paths.catalog, CATALOG_SCHEMA);
  if (connection === undefined) throw new Error('The catalog of the first session cannot be read.');
  return connection;
}

/** Indexes the session as a window does, and gives what the index holds of it. */
async function index(paths: StorePaths, sessionId: string): Promise<SessionFacts> {
  const opened = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
  while ((await opened.sync(sessionId)).more);
  const facts = await opened.readSession(sessionId);
  await opened.close({ head: '', offset: 0 });
  if (facts === undefined) throw new Error('The first session cannot be indexed.');
  return facts;
}

/** Throws where a window would not take the index for complete. */
async function check(paths: StorePaths): Promise<void> {
  const opened = await openStoreIndex({ root: paths.root, workerPath: WORKER_PATH });
  const stale = await opened.findStale();
  await opened.close();
  if (stale.length > 0) throw new Error(`${stale.length} sessions are not indexed to their ends.`);
}

/** Fills an empty store. The sessions are made one second after the other. */
export async function fillStore(paths: StorePaths, sessionCount: number, eventsPerSession: number): Promise<void> {
  const first = await writeSession(paths, eventsPerSession);
  const facts = await index(paths, first.sessionId);
  const { events } = paths.session(first.sessionId).run(first.runId);
  const connection = await loadCatalog(paths);
  const [catalog, sources] = [new Catalog(connection), new Sources(connection)];
  const eventsPosition = sources.position(first.sessionId, runSource(first.runId));
  const made: { facts: SessionFacts; journal: Buffer }[] = [];
  for (let number = 1; number < sessionCount; number++) {
    const [sessionId, runId] = [newId(), newId()];
    const session = paths.session(sessionId);
    const createdAt = new Date(Date.parse(facts.createdAt) + number * 1_000).toISOString();
    const journal = sessionJournal(sessionId, runId, createdAt);
    await mkdir(session.run(runId).root, { recursive: true });
    await writeFile(session.journal, journal);
    // Where the disk allows no more links, its bytes are copied.
    await link(events, session.run(runId).events).catch(async () => await copyFile(events, session.run(runId).events));
    const runs = facts.runs.map((run) => ({ ...run, runId }));
    made.push({ facts: { ...facts, sessionId, title: `Session ${sessionId}`, createdAt, runs }, journal });
  }
  connection.transaction(() => {
    for (const { facts: each, journal } of made) {
      const { sessionId } = each;
      const [runId = ''] = each.runs.map((run) => run.runId);
      catalog.save(each, new Set([runId]));
      const fingerprint = journal.toString('latin1', journal.length - FINGERPRINT_BYTES);
      sources.save(sessionId, SESSION_SOURCE, { offset: journal.length, fingerprint });
      sources.save(sessionId, runSource(runId), eventsPosition);
    }
  });
  await writeCheckpoint(paths.catalog, connection.export(), CATALOG_SCHEMA, []);
  connection.close();
  await check(paths);
}

/** Size of the catalog's file, in megabytes. */
export async function catalogMb(paths: StorePaths): Promise<number> {
  return (await stat(paths.catalog)).size / 1024 / 1024;
}
