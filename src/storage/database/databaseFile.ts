/** One database in memory together with its checkpoint on disk. */
import type { SqlJsStatic } from 'sql.js';
import { hasCode } from '../../common/errors';
import { createDatabase, loadCheckpoint, removeAbandoned, writeCheckpoint } from './checkpoint';
import type { Connection } from './connection';
import type { DatabaseSchema } from './schema';
import { Sources } from './sources';

/** Written at each checkpoint, however little is new in it. */
const SMALL_BYTES = 8 * 1024 * 1024;
/** Of a larger one, this much has to be new. */
const NEW_SHARE = 1 / 16;

export interface DatabaseFileOptions {
  engine: SqlJsStatic;
  path: string;
  schema: DatabaseSchema;
  readOnly: boolean;
  /** A checkpoint for which this is false is not used. */
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

  /** The database as of its checkpoint, or an empty one. Never fails for what is on disk. */
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

  /** False where little is new in a large database: to write it all again would cost more than to read that little again, should it be lost. */
  get isWorthSaving(): boolean {
    const { bytes } = this.connection;
    return this.isChanged && (bytes < SMALL_BYTES || bytes - this.#savedBytes >= bytes * NEW_SHARE);
  }

  /**
   * Takes the database as it stands now, at once; what it returns writes that to disk, later and beside other work.
   * Undefined where nothing changed since the last time.
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
        } // the session's folder was erased, and its checkpoint with it
      }
      this.#savedChangeCount = changeCount;
      this.#savedBytes = bytes.length;
    };
  }

  close(): void {
    this.connection.close();
  }
}
