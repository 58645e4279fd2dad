/** What Corral is measured against: better-sqlite3, installed in this folder alone. */
import { createRequire } from 'node:module';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SessionEvent } from '../src/storage/events';
import { projectRoot } from '../test/support/project';

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

type DatabaseClass = new (path: string) => Database;

const require = createRequire(join(projectRoot, 'bench/package.json'));
// The package is pinned by bench/package-lock.json, and has no types of its own.
const BetterSqlite3 = require('better-sqlite3') as DatabaseClass;

/** The same table and indexes as a timeline. */
export class Peer {
  readonly #database: Database;
  readonly #insert: Statement;
  readonly #page: Statement;
  readonly #path: string;

  constructor(folder: string, synchronous: 'FULL' | 'NORMAL') {
    this.#path = join(folder, 'peer.sqlite');
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
    this.#database = new BetterSqlite3(this.#path);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma(`synchronous = ${synchronous}`);
    this.#database.pragma('foreign_keys = ON');
    this.#database.exec(`CREATE TABLE session_events (session_id TEXT NOT NULL, run_id TEXT NOT NULL, seq INTEGER NOT NULL, id INTEGER PRIMARY KEY,
      timestamp TEXT NOT NULL, kind TEXT NOT NULL, data TEXT NOT NULL, UNIQUE (session_id, run_id, seq));
      CREATE INDEX session_events_order ON session_events (session_id, timestamp, seq, id);`);
    this.#insert = this.#database.prepare('INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data) VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#page = this.#database.prepare(
      'SELECT id, run_id, seq, timestamp, kind, data FROM session_events WHERE session_id = ? AND (timestamp, seq, id) > (?, ?, ?) ORDER BY timestamp, seq, id LIMIT ?',
    );
  }

  /** One transaction. */
  insert(events: readonly SessionEvent[]): void {
    this.#database.exec('BEGIN IMMEDIATE');
    for (const { sessionId, runId, seq, id, timestamp, kind, data } of events)
      this.#insert.run(sessionId, runId, seq, id, timestamp, kind, JSON.stringify(data));
    this.#database.exec('COMMIT');
  }

  page(sessionId: string, after: { timestamp: string; seq: number; id: number }, limit: number): unknown[] {
    return this.#page.all(sessionId, after.timestamp, after.seq, after.id, limit);
  }

  close(): void {
    this.#database.close();
  }
}
