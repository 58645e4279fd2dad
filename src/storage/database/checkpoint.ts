/** Checkpoints: databases as files, used only if they are intact, and written only after the journals they cover. */
import { constants } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SqlJsStatic } from 'sql.js';
import { replaceFile, TEMPORARY_SUFFIX } from '../journal/durableFile';
import { ifExists } from '../../common/ifExists';
import { openRegular } from '../../common/disks/regularFile';
import { readAt } from '../journal/journalReader';
import { Connection } from './connection';
import type { DatabaseSchema } from './schema';

/** No write takes so long: an unfinished file that is older was left by a killed process. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/** An SQLite file has at least its header, see https://www.sqlite.org/fileformat.html. */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;

/** A checkpoint ends with this and the CRC-32 of what comes before it. */
const TRAILER_PREFIX = 'corral crc32 ';
const TRAILER_BYTES = TRAILER_PREFIX.length + 8;
const CHUNK_BYTES = 1024 * 1024;
/** Read at a time while a database is loaded. Its checksum takes a few milliseconds. */
const LOAD_BYTES = 8 * 1024 * 1024;
const MIN_SPARE_BYTES = 256 * 1024;
const SPARE_SHARE = 1 / 8;

interface Header {
  userVersion: number;
  applicationId: number;
}

function parseHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  return {
    userVersion: bytes.readInt32BE(USER_VERSION_OFFSET),
    applicationId: bytes.readInt32BE(APPLICATION_ID_OFFSET),
  };
}

async function readHeader(path: string): Promise<Header | undefined> {
  const file = await ifExists(openRegular(path));
  if (file === undefined) return undefined;
  try {
    return parseHeader(await readAt(file, Buffer.alloc(HEADER_BYTES), 0));
  } finally {
    await file.close();
  }
}

/** Follows the database's last page, where SQLite does not look. */
function trailerText(checksum: number): string {
  return `${TRAILER_PREFIX}${checksum.toString(16).padStart(8, '0')}`;
}

function trailerOf(database: Uint8Array): Buffer {
  return Buffer.from(trailerText(crc32(database)));
}

/**
 * The file with spare room behind it, because a database that outgrows its buffer is copied as a whole.
 * `hasValidTrailer` tells whether it is what was written: SQLite would not notice a flipped bit in a row.
 */
async function readPadded(path: string): Promise<{ bytes: Buffer; padded: Buffer; hasValidTrailer: boolean }> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    const padded = Buffer.alloc(size + Math.max(MIN_SPARE_BYTES, Math.ceil(size * SPARE_SHARE)));
    const end = Math.max(0, size - TRAILER_BYTES);
    const readFrom = (start: number): Promise<Buffer> =>
      readAt(file, padded.subarray(start, Math.min(start + LOAD_BYTES, size)), start);
    let checksum = 0;
    // The next part is read while the checksum of this one is computed.
    for (let start = 0, reading = readFrom(0); start < size; start += LOAD_BYTES) {
      const part = await reading;
      reading = readFrom(Math.min(start + LOAD_BYTES, size));
      checksum = crc32(part.subarray(0, Math.max(0, end - start)), checksum);
    }
    const bytes = padded.subarray(0, size);
    return { bytes, padded, hasValidTrailer: bytes.toString('latin1', end) === trailerText(checksum) };
  } finally {
    await file.close();
  }
}

/** An empty database with the newest tables. */
export function createDatabase(engine: SqlJsStatic, schema: DatabaseSchema): Connection {
  const connection = new Connection(engine);
  connection.execute(`PRAGMA application_id = ${schema.applicationId}`);
  migrate(connection, schema, 0);
  return connection;
}

function migrate(connection: Connection, schema: DatabaseSchema, version: number): void {
  connection.transaction(() => {
    for (const migration of schema.migrations.slice(version)) connection.execute(migration);
    connection.execute(`PRAGMA user_version = ${schema.migrations.length}`);
  });
}

/** The database of the checkpoint at `path`, migrated to this version; undefined where none can be trusted. */
export async function loadCheckpoint(
  engine: SqlJsStatic,
  path: string,
  schema: DatabaseSchema,
): Promise<Connection | undefined> {
  const read = await readPadded(path).catch(() => undefined);
  if (read === undefined) return undefined; // missing or unreadable: it is built again from the journals
  const { bytes, padded, hasValidTrailer } = read;
  const header = parseHeader(bytes);
  if (
    !hasValidTrailer ||
    header === undefined ||
    header.applicationId !== schema.applicationId ||
    header.userVersion < 1 ||
    header.userVersion > schema.migrations.length
  )
    return undefined;
  bytes.subarray(-TRAILER_BYTES).fill(0);
  let connection: Connection | undefined;
  try {
    connection = new Connection(engine, padded);
    if (header.userVersion < schema.migrations.length) migrate(connection, schema, header.userVersion);
    return connection;
  } catch {
    connection?.close(); // intact, but not a database of this version: it is built again from the journals
    return undefined;
  }
}

/** True if the checkpoint at `path` is what was written. Reads it in chunks, since it can be large. */
export async function isIntact(path: string): Promise<boolean> {
  const file = await openRegular(path);
  try {
    const end = (await file.stat()).size - TRAILER_BYTES;
    if (end < 0) return false;
    let checksum = 0;
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let start = 0; start < end;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(CHUNK_BYTES, end - start), start);
      if (bytesRead === 0) return false;
      checksum = crc32(chunk.subarray(0, bytesRead), checksum);
      start += bytesRead;
    }
    const { bytesRead } = await file.read(chunk, 0, TRAILER_BYTES, end);
    return chunk.toString('latin1', 0, bytesRead) === trailerText(checksum);
  } finally {
    await file.close();
  }
}

/** A journal that was erased meanwhile needs no sync. Windows syncs only files that are open for writing. */
async function syncJournal(path: string): Promise<void> {
  const file = await ifExists(openRegular(path, constants.O_RDWR));
  if (file === undefined) return;
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Syncs the journals that `bytes` covers and replaces the checkpoint. Gives false and keeps one of a newer version. */
export async function writeCheckpoint(
  path: string,
  bytes: Uint8Array,
  schema: DatabaseSchema,
  journals: readonly string[],
): Promise<boolean> {
  const isNewer = async (): Promise<boolean> => {
    const header = await readHeader(path);
    return header?.applicationId === schema.applicationId && header.userVersion > schema.migrations.length;
  };
  if (await isNewer()) return false;
  for (const journal of journals) await syncJournal(journal);
  await replaceFile(path, bytes, trailerOf(bytes));
  return true;
}

/** Removes unfinished checkpoints that killed processes left beside `path`. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !name.endsWith(TEMPORARY_SUFFIX)) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_AFTER_MS)
      await unlink(file).catch(() => undefined);
  }
}
