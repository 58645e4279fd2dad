/** The peers that Corral is measured against: Node's own SQLite on the disk, and Corral's engine alone in memory. */
import { readFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { StatementSync } from 'node:sqlite';
import initSqlJs from 'sql.js';
import type { Database, Statement } from 'sql.js';
import type { SessionEvent } from '../src/storage/events';
import { projectRoot } from '../test/support/project';
import { timestampOf } from './sampleData';

const FILE = 'peer.sqlite';

/** A table of sessions and a table of events, indexed like a timeline. */
const TABLES = `CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, title TEXT NOT NULL, created_at TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS session_events (session_id TEXT NOT NULL, run_id TEXT NOT NULL, seq INTEGER NOT NULL, id INTEGER PRIMARY KEY,
  timestamp TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (session_id, run_id, seq));
  CREATE INDEX IF NOT EXISTS session_events_order ON session_events (session_id, timestamp, seq, id);`;
const INSERT =
  'INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)';
const PAGE =
  'SELECT id, run_id, seq, timestamp, kind, data FROM session_events WHERE session_id = ? AND (timestamp, seq, id) > (?, ?, ?) ORDER BY timestamp, seq, id LIMIT ?';

/** The event after which a page begins. */
export interface PageKey {
  timestamp: string;
  seq: number;
  id: number;
}

function valuesOf({ sessionId, runId, seq, id, timestamp, kind, data }: SessionEvent): (string | number)[] {
  return [sessionId, runId, seq, id, timestamp, kind, JSON.stringify(data)];
}

/** `node:sqlite` with a database on the disk. */
export class Peer {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #page: StatementSync;

  /** Makes a new database in `folder`, replacing an earlier one. */
  static create(folder: string, synchronous: 'FULL' | 'NORMAL'): Peer {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, FILE + suffix), { force: true });
    return new Peer(folder, synchronous);
  }

  constructor(folder: string, synchronous: 'FULL' | 'NORMAL') {
    this.#database = new DatabaseSync(join(folder, FILE));
    this.#database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA foreign_keys = ON; ${TABLES}`,
    );
    this.#insert = this.#database.prepare(INSERT);
    this.#page = this.#database.prepare(PAGE);
  }

  addSession(id: string): void {
    this.#database
      .prepare('INSERT INTO sessions (id, title, created_at) VALUES (?, ?, ?)')
      .run(id, `Session ${id}`, timestampOf(0));
  }

  /** Every session, newest first. */
  sessions(): unknown[] {
    return this.#database.prepare('SELECT id, title, created_at FROM sessions ORDER BY created_at DESC, id').all();
  }

  /** Inserts in one transaction. */
  insert(events: readonly SessionEvent[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    for (const event of events) this.#insert.run(...valuesOf(event));
    this.#database.exec('COMMIT');
  }

  /** The rows of a page, as stored. */
  page(sessionId: string, after: PageKey, limit: number): unknown[] {
    return this.#page.all(sessionId, after.timestamp, after.seq, after.id, limit);
  }

  close(): void {
    this.#database.close();
  }
}

/** sql.js as its manual uses it: one thread, one prepared statement, a row at a time. */
export class EnginePeer {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #page: Statement;

  static async create(): Promise<EnginePeer> {
    const wasm = await readFile(join(projectRoot, 'dist/sql-wasm.wasm'));
    const engine = await initSqlJs({ wasmBinary: new Uint8Array(wasm).buffer });
    return new EnginePeer(new engine.Database());
  }

  private constructor(database: Database) {
    this.#database = database;
    this.#database.exec(TABLES);
    this.#insert = this.#database.prepare(INSERT);
    this.#page = this.#database.prepare(PAGE);
  }

  /** Inserts in one transaction. */
  insert(events: readonly SessionEvent[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    for (const event of events) this.#insert.run(valuesOf(event));
    this.#database.exec('COMMIT');
  }

  /** The rows of a page with their JSON parsed, as needed to show events. */
  events(sessionId: string, after: PageKey, limit: number): unknown[] {
    const found: unknown[] = [];
    this.#page.bind([sessionId, after.timestamp, after.seq, after.id, limit]);
    while (this.#page.step()) {
      const [id, run, seq, timestamp, kind, data] = this.#page.get();
      const parsed: unknown = JSON.parse(String(data));
      found.push({ id, run, seq, timestamp, kind, data: parsed });
    }
    this.#page.reset();
    return found;
  }

  close(): void {
    this.#database.close();
  }
}
