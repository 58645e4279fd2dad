/** How far each journal was read into a database: the table `sources`, which both kinds of database have. */
import * as v from 'valibot';
import { JOURNAL_START } from '../journal/journalReader';
import type { JournalPosition } from '../journal/journalReader';
import type { Connection } from './connection';

const positionRow = v.pipe(
  v.tuple([v.number(), v.string()]),
  v.transform(([offset, fingerprint]): JournalPosition => ({ offset, fingerprint })),
);

export class Sources {
  readonly #connection: Connection;
  readonly #changed = new Set<string>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  position(sessionId: string, path: string): JournalPosition {
    return (
      this.#connection.rows(
        'SELECT offset, mark FROM sources WHERE session_id = ? AND path = ?',
        positionRow,
        sessionId,
        path,
      )[0] ?? JOURNAL_START
    );
  }

  /** Belongs into the transaction that writes what was read up to `position`. */
  save(sessionId: string, path: string, position: JournalPosition): void {
    this.#connection.run(
      `INSERT INTO sources (session_id, path, offset, mark) VALUES (?, ?, ?, ?)
       ON CONFLICT (session_id, path) DO UPDATE SET offset = excluded.offset, mark = excluded.mark`,
      sessionId,
      path,
      position.offset,
      position.fingerprint,
    );
    this.#changed.add(`${sessionId}/${path}`);
  }

  /** `<sessionId>/<path>` of every journal that was read on since the last call. */
  takeChanged(): string[] {
    const changed = [...this.#changed];
    this.#changed.clear();
    return changed;
  }

  /** For a checkpoint that could not be written: its journals count as changed again. */
  restoreChanged(changed: readonly string[]): void {
    for (const source of changed) this.#changed.add(source);
  }
}
