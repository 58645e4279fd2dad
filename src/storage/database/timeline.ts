/** The events of one session, in the one order that every window and every rebuild shows. */
import { crc32 } from 'node:zlib';
import type { NumberedEvent } from '../events';
import { eventId } from '../ids';
import { numberColumn, textParameter } from './connection';
import type { Connection } from './connection';

/** Above every ordinal that is counted, and below 2^21, since an event's id has room for so many. */
const FALLBACK_ORDINALS = 2 ** 20;

/** Each call of the engine costs about as much as what it does for one row. */
const ROWS_A_STATEMENT = 20;

function insertEvents(count: number): string {
  const row = '(?, ?, ?, ?, ?, ?, CAST(? AS TEXT))';
  return `INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data)
    VALUES ${Array<string>(count).fill(row).join(', ')} ON CONFLICT DO NOTHING`;
}

const INSERT_ONE = insertEvents(1);
const INSERT_MANY = insertEvents(ROWS_A_STATEMENT);

/** For a run whose ordinal is unknown or taken: made from its id, so that every window gives it the same. */
function fallbackOrdinal(runId: string): number {
  return FALLBACK_ORDINALS + (crc32(runId) % FALLBACK_ORDINALS);
}

/** Writes what the journals say. Each `save…` is part of a transaction that its caller opens. */
export class Timeline {
  readonly sessionId: string;
  readonly #connection: Connection;

  constructor(connection: Connection, sessionId: string) {
    this.#connection = connection;
    this.sessionId = sessionId;
  }

  /** Removes everything, in a transaction of its own. */
  clear(): void {
    this.#connection.transaction(() => {
      for (const table of ['session_events', 'sources', 'runs', 'session'])
        this.#connection.run(`DELETE FROM ${table}`);
    });
  }

  saveSession(): void {
    this.#connection.run('INSERT INTO session (id) VALUES (?) ON CONFLICT DO NOTHING', this.sessionId);
  }

  /** The run's ordinal: the one it has, else `ordinal` where that is known and free. */
  saveRun(runId: string, ordinal: number | undefined): number {
    const [known] = this.#connection.rows('SELECT ordinal FROM runs WHERE run_id = ?', numberColumn, runId);
    if (known !== undefined) return known;
    const isFree =
      ordinal !== undefined &&
      this.#connection.rows('SELECT ordinal FROM runs WHERE ordinal = ?', numberColumn, ordinal).length === 0;
    const saved = isFree ? ordinal : fallbackOrdinal(runId);
    this.#connection.run(
      'INSERT INTO runs (session_id, run_id, ordinal) VALUES (?, ?, ?)',
      this.sessionId,
      runId,
      saved,
    );
    return saved;
  }

  /** Stores the events; one that is stored is left alone. */
  saveEvents(runId: string, ordinal: number, events: readonly NumberedEvent[]): void {
    const rows = events.map(({ seq, timestamp, draft }) => [
      this.sessionId,
      runId,
      seq,
      eventId(ordinal, seq),
      timestamp,
      draft.kind,
      textParameter(JSON.stringify(draft.data)),
    ]);
    const together = rows.length - (rows.length % ROWS_A_STATEMENT);
    for (let start = 0; start < together; start += ROWS_A_STATEMENT)
      this.#connection.run(INSERT_MANY, ...rows.slice(start, start + ROWS_A_STATEMENT).flat());
    for (const row of rows.slice(together)) this.#connection.run(INSERT_ONE, ...row);
  }
}
