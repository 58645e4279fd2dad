/** The events of one session, in the one order that every window and every rebuild shows. */
import { crc32 } from 'node:zlib';
import type { NumberedEvent } from '../events';
import { eventId } from '../ids';
import { numberColumn } from './connection';
import type { Connection } from './connection';

/** Above every ordinal that is counted, and below 2^21, since an event's id has room for so many. */
const FALLBACK_ORDINALS = 2 ** 20;

/** Each call of the engine costs about as much as what it does for one row. */
const ROWS_A_STATEMENT = 20;
/** Of a timestamp. */
const TIME_BYTES = '2026-01-01T00:00:00.000Z'.length;

/**
 * Parameters: session, run, the id of seq 0, and the texts of all rows as one blob, which the engine copies at once.
 * Then for each row: seq, where its time begins (after which come kind and data), and the lengths of kind and data.
 */
function insertEvents(count: number): string {
  const rows = Array.from({ length: count }, (_, row) => {
    const parameter = (number: number): string => `?${4 * row + 4 + number}`;
    const [seq, at] = [parameter(1), parameter(2)];
    const [kindBytes, dataBytes] = [parameter(3), parameter(4)];
    const textAt = (start: string, bytes: number | string): string => `CAST(substr(?4, ${start}, ${bytes}) AS TEXT)`;
    const [kindAt, dataAt] = [`${at} + ${TIME_BYTES}`, `${at} + ${TIME_BYTES} + ${kindBytes}`];
    const texts = [textAt(at, TIME_BYTES), textAt(kindAt, kindBytes), textAt(dataAt, dataBytes)];
    return `(?1, ?2, ${seq}, ?3 + ${seq}, ${texts.join(', ')})`;
  });
  return `INSERT INTO session_events (session_id, run_id, seq, id, timestamp, kind, data)
    VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`;
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
    const together = events.length - (events.length % ROWS_A_STATEMENT);
    const insert = (sql: string, some: readonly NumberedEvent[]): void =>
      this.#connection.run(sql, this.sessionId, runId, eventId(ordinal, 0), ...packRows(some));
    for (let start = 0; start < together; start += ROWS_A_STATEMENT)
      insert(INSERT_MANY, events.slice(start, start + ROWS_A_STATEMENT));
    for (const event of events.slice(together)) insert(INSERT_ONE, [event]);
  }
}

/** The texts of the rows as one blob, and then what `insertEvents` needs of each. */
function packRows(events: readonly NumberedEvent[]): [Uint8Array, ...number[]] {
  const rows = events.map(({ seq, timestamp, draft: { kind, data }, json }) => ({
    seq,
    timestamp,
    kind,
    json: json ?? Buffer.from(JSON.stringify(data)),
  }));
  const bytes = rows.reduce((sum, { kind, json }) => sum + TIME_BYTES + kind.length + json.length, 0);
  const blob = Buffer.allocUnsafe(bytes);
  const places: number[] = [];
  let end = 0;
  for (const { seq, timestamp, kind, json } of rows) {
    places.push(seq, end + 1, kind.length, json.length);
    end += blob.write(timestamp, end, 'latin1');
    end += blob.write(kind, end, 'latin1');
    blob.set(json, end);
    end += json.length;
  }
  return [blob, ...places];
}
