/** The tables of both kinds of database. All of it is derived from the journals and can be built again. */

export interface DatabaseSchema {
  /** SQLite's application_id, by which a database of ours is known. */
  applicationId: number;
  /** `migrations[n]` brings a database of user_version n to n + 1. Those that were released never change. */
  migrations: readonly string[];
}

/** How far each journal was read. `path` is relative to the session's folder, `mark` the journal's fingerprint. */
function sourcesTable(sessionTable: 'sessions' | 'session'): string {
  return `CREATE TABLE sources (
      session_id TEXT NOT NULL REFERENCES ${sessionTable} (id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      offset INTEGER NOT NULL,
      mark TEXT NOT NULL,
      PRIMARY KEY (session_id, path)
    ) WITHOUT ROWID;`;
}

export const CATALOG_SCHEMA: DatabaseSchema = {
  applicationId: 0x434f4343, // COCC
  migrations: [
    `CREATE TABLE sessions (
      id TEXT PRIMARY KEY,
      title TEXT NOT NULL,
      prompt TEXT NOT NULL,
      agent TEXT NOT NULL,
      repository TEXT NOT NULL,
      worktree_path TEXT NOT NULL,
      base_commit TEXT NOT NULL,
      state TEXT NOT NULL,
      failure_reason TEXT,
      last_activity_at TEXT NOT NULL,
      created_at TEXT NOT NULL,
      archived INTEGER NOT NULL,
      restored INTEGER NOT NULL,
      restored_at TEXT,
      recovery_hint TEXT,
      facts TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE runs (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      run_id TEXT NOT NULL,
      ordinal INTEGER NOT NULL,
      state TEXT NOT NULL,
      started_at TEXT,
      ended_at TEXT,
      event_count INTEGER NOT NULL,
      PRIMARY KEY (session_id, run_id)
    ) WITHOUT ROWID;
    CREATE TABLE agent_sessions (
      session_id TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
      native_session_id TEXT NOT NULL,
      backend_type TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE session_dependencies (
      session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
      depends_on TEXT NOT NULL,
      PRIMARY KEY (session_id, depends_on)
    ) WITHOUT ROWID;
    ${sourcesTable('sessions')}`,
    `CREATE INDEX sessions_newest ON sessions (created_at, id);
    CREATE INDEX sessions_unfinished ON sessions (created_at, id)
      WHERE state IN ('queued', 'starting', 'running', 'waiting', 'stopping');
    CREATE TABLE doorbell (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      head TEXT NOT NULL,
      offset INTEGER NOT NULL
    );`,
  ],
};

export const TIMELINE_SCHEMA: DatabaseSchema = {
  applicationId: 0x434f5454, // COTT
  migrations: [
    `CREATE TABLE session (id TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE runs (
      session_id TEXT NOT NULL REFERENCES session (id),
      run_id TEXT PRIMARY KEY,
      ordinal INTEGER NOT NULL UNIQUE
    ) WITHOUT ROWID;
    CREATE TABLE session_events (
      session_id TEXT NOT NULL REFERENCES session (id),
      run_id TEXT NOT NULL REFERENCES runs (run_id),
      seq INTEGER NOT NULL,
      id INTEGER PRIMARY KEY,
      timestamp TEXT NOT NULL,
      kind TEXT NOT NULL,
      data TEXT NOT NULL,
      UNIQUE (session_id, run_id, seq)
    );
    CREATE INDEX session_events_order ON session_events (session_id, timestamp, seq, id);
    CREATE TABLE conversation_history (
      session_id TEXT NOT NULL REFERENCES session (id),
      run_id TEXT NOT NULL REFERENCES runs (run_id),
      seq INTEGER NOT NULL,
      id INTEGER PRIMARY KEY,
      timestamp TEXT NOT NULL,
      role TEXT NOT NULL,
      content TEXT NOT NULL
    );
    CREATE INDEX conversation_history_order ON conversation_history (session_id, timestamp, seq, id);
    ${sourcesTable('session')}`,
    // Words are kept once, as events. The index finds them among all others.
    `DROP TABLE conversation_history;
    CREATE INDEX session_events_words ON session_events (session_id, timestamp, seq, id) WHERE kind = 'message';
    CREATE VIEW conversation_history AS
      SELECT session_id, run_id, seq, id, timestamp, data ->> '$.role' AS role, data ->> '$.text' AS content
      FROM session_events WHERE kind = 'message' AND role <> 'system';`,
  ],
};
