/** One database in memory together with its checkpoint on disk. */
import type { SqlJsStatic } from 'sql.js';
import { hasCode } from '../../common/errors';
import { createDatabase, loadCheckpoint, removeAbandoned, writeCheckpoint } from './checkpoint';
import type { Connection } from './connection';
import type { DatabaseSchema } from './schema';
import { Sources } from './sources';

/** A smaller database is written at each checkpoint, however little of it is new. */
const SMALL_BYTES = 8 * 1024 * 1024;
/** Of a larger one, this share must be new. */
const MIN_NEW_SHARE = 1 / 16;

export interface DatabaseFileOptions {
  engine: SqlJsStatic;
  path: string;
  schema: DatabaseSchema;
  readOnly: boolean;
  /** False rejects a checkpoint that was loaded. */
  isOurs?: (connection: Connection) => boolean;
}

export class DatabaseFile {
  readonly connection: Connection;
  readonly sources: Sources;
  readonly #options: DatabaseFileOptions;
  #savedChangeCount: number;
  #savedBytes: number;

  private constructor(connection: Connection, options: DatabaseFileOptions) {
    this.connection = connection;
    this.sources = new Sources(connection);
    this.#options = options;
    this.#savedChangeCount = connection.changeCount;
    this.#savedBytes = connection.bytes;
  }

  /** The database of the checkpoint, or an empty one. Whatever is on disk, this does not fail. */
  static async open(options: DatabaseFileOptions): Promise<DatabaseFile> {
    if (!options.readOnly) await removeAbandoned(options.path);
    const loaded = await loadCheckpoint(options.engine, options.path, options.schema);
    if (loaded !== undefined && options.isOurs?.(loaded) !== false) return new DatabaseFile(loaded, options);
    loaded?.close();
    return new DatabaseFile(createDatabase(options.engine, options.schema), options);
  }

  get isChanged(): boolean {
    return this.connection.changeCount !== this.#savedChangeCount;
  }

  /** False for a large database with little new in it: reading that little again costs less than writing all. */
  get isWorthSaving(): boolean {
    const { bytes } = this.connection;
    return this.isChanged && (bytes < SMALL_BYTES || bytes - this.#savedBytes >= bytes * MIN_NEW_SHARE);
  }

  /**
   * Copies the database as it is now, and gives what writes the copy to disk, which can wait.
   * Undefined where nothing changed since the last copy.
   */
  snapshot(resolveJournal: (source: string) => string): (() => Promise<void>) | undefined {
    if (this.#options.readOnly || !this.isChanged) return undefined;
    const changeCount = this.connection.changeCount;
    const changed = this.sources.takeChanged();
    const bytes = this.connection.export();
    return async () => {
      try {
        await writeCheckpoint(this.#options.path, bytes, this.#options.schema, changed.map(resolveJournal));
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) {
          this.sources.restoreChanged(changed);
          throw error;
        } // the session was erased, and its checkpoint with it
      }
      this.#savedChangeCount = changeCount;
      this.#savedBytes = bytes.length;
    };
  }

  close(): void {
    this.connection.close();
  }
}
