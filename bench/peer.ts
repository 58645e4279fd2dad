/** The peer that Corral is measured against: better-sqlite3, which is installed in this folder only. */
import { createRequire } from 'node:module';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import type { SessionEvent } from '../src/storage/events';
import { projectRoot } from '../test/support/project';
import { timestampOf } from './sampleData';

interface Statement {
  run(...parameters: (string | number)[]): unknown;
  all(...parameters: (string | number)[]): unknown[];
}

interface Database {
  pragma(text: string): unknown;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

const FILE = 'peer.sqlite';
const rowSchema = v.looseObject({ data: v.string() });

type DatabaseClass = new (path: string) => Database;

const require = createRequire(join(projectRoot, 'bench/package.json'));
// The package has no types; bench/package-lock.json fixes its version.
const BetterSqlite3 = require('better-sqlite3') as DatabaseClass;

/** A database with a table of sessions and a table of events, indexed like a timeline. */
export class Peer {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #page: Statement;

  /** Makes a new database in `folder`, replacing an earlier one. */
  static create(folder: string, synchronous: 'FULL' | 'NORMAL'): Peer {
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, FILE + suffix), { force: true });
    return new Peer(folder, synchronous);
  }

  constructor(folder: string, synchronous: 'FULL' | 'NORMAL') {
    this.#database = new BetterSqlite3(join(folder, FILE));
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma(`synchronous = ${synchronous}`);
    this.#database.pragma('foreign_keys = ON');
    this.#database
      .exec(`CREATE TABLE IF NOT EXISTS sessions (id TEXT PRIMARY KEY, title TEXT NOT NULL, created_at TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS session_events (session_id TEXT NOT NULL, run_id TEXT NOT NULL, seq INTEGER NOT NULL, id INTEGER PRIMARY KEY,
      timestamp TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (session_id, run_id, seq));
      CREATE INDEX IF NOT EXISTS session_events_order ON session_events (session_id, timestamp, seq, id);`);
    this.#insert = this.#database.prepare(
      'INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)',
    );
    this.#page = this.#database.prepare(
      'SELECT id, run_id, seq, timestamp, kind, data FROM session_events WHERE session_id = ? AND (timestamp, seq, id) > (?, ?, ?) ORDER BY timestamp, seq, id LIMIT ?',
    );
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
    for (const { sessionId, runId, seq, id, timestamp, kind, data } of events)
      this.#insert.run(sessionId, runId, seq, id, timestamp, kind, JSON.stringify(data));
    this.#database.exec('COMMIT');
  }

  /** The rows of a page, as stored. */
  page(sessionId: string, after: { timestamp: string; seq: number; id: number }, limit: number): unknown[] {
    return this.#page.all(sessionId, after.timestamp, after.seq, after.id, limit);
  }

  /** The rows of a page with their JSON parsed, as needed to show events. */
  events(sessionId: string, after: { timestamp: string; seq: number; id: number }, limit: number): unknown[] {
    return this.page(sessionId, after, limit).map((row) => {
      const { data } = v.parse(rowSchema, row);
      const content: unknown = JSON.parse(data);
      return content;
    });
  }

  close(): void {
    this.#database.close();
  }
}
