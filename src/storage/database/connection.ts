/** One SQLite database in this thread's memory. */
import type { Database, SqlJsStatic, SqlValue, Statement } from 'sql.js';
import * as v from 'valibot';

/** Rows of one text each. */
export const textColumn = v.pipe(
  v.tuple([v.string()]),
  v.transform(([text]) => text),
);

/** Rows of one number each. */
export const numberColumn = v.pipe(
  v.tuple([v.number()]),
  v.transform(([number]) => number),
);

export class Connection {
  readonly #database: Database;
  readonly #statements = new Map<string, Statement>();
  #changeCount = 0;

  /** Opens `bytes`, or an empty database. The first query fails if the bytes are no database. */
  constructor(engine: SqlJsStatic, bytes?: Uint8Array) {
    this.#database = new engine.Database(bytes);
    // Nothing else uses this database, which is in memory, so what its transactions need for a rollback is there, too.
    this.#database.exec('PRAGMA foreign_keys = ON; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY');
  }

  /** How many transactions were committed. */
  get changeCount(): number {
    return this.#changeCount;
  }

  /** Size of the whole database, in bytes. */
  get bytes(): number {
    const sql = 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size';
    return this.rows(sql, numberColumn)[0] ?? 0;
  }

  run(sql: string, ...parameters: SqlValue[]): void {
    const statement = this.#prepare(sql);
    try {
      statement.run(parameters);
    } finally {
      statement.reset();
    }
  }

  /** Makes the function `name`, of one text, known to statements. It gives 1 or 0, and 0 for what is no text. */
  define(name: string, test: (text: string) => boolean): void {
    this.#database.create_function(name, (value: unknown) => (typeof value === 'string' && test(value) ? 1 : 0));
  }

  /** Runs statements without parameters. */
  execute(sql: string): void {
    this.#database.exec(sql);
  }

  /** All rows. `row` takes each as a tuple, validates it and may map it. */
  rows<T>(sql: string, row: v.GenericSchema<unknown, T>, ...parameters: SqlValue[]): T[] {
    const statement = this.#prepare(sql);
    const rows: T[] = [];
    try {
      statement.bind(parameters);
      while (statement.step()) rows.push(v.parse(row, statement.get()));
    } finally {
      statement.reset();
    }
    return rows;
  }

  /** Commits `work`, or rolls it back where it throws. Cannot be nested. */
  transaction(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      try {
        this.#database.exec('ROLLBACK');
      } catch {
        // SQLite has rolled back already, as it does when memory is short; `error` says why.
      }
      throw error;
    }
    this.#changeCount++;
  }

  /** The database as the bytes of an SQLite file. */
  export(): Uint8Array {
    return this.#database.export();
  }

  close(): void {
    this.#database.close();
  }

  #prepare(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}
