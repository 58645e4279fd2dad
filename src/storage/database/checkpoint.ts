/** A database's file: read only where it is sound and ours, written only after the journals that it stands for are on disk. */
import { open, readdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import type { SqlJsStatic } from 'sql.js';
import { replaceFile, TEMPORARY_SUFFIX } from '../journal/durableFile';
import { hasCode } from '../../common/errors';
import { readAt } from '../journal/journalReader';
import { Connection } from './connection';
import type { DatabaseSchema } from './schema';

/** What a killed process left unfinished is removed after this; nobody writes one file for so long. */
const ABANDONED_MS = 60 * 60 * 1000;

/** From the first 100 bytes of an SQLite file, which it must have at least. */
const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;
const APPLICATION_ID_OFFSET = 68;

const SEAL_MARK = 'corral crc32 ';
const SEAL_BYTES = SEAL_MARK.length + 8;
const PIECE_BYTES = 1024 * 1024;
const LEAST_ROOM_BYTES = 256 * 1024;
const ROOM_SHARE = 1 / 8;

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
  try {
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
      return parseHeader(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Stands behind the database's last page, where SQLite takes no notice of it. */
function sealText(checksum: number): string {
  return `${SEAL_MARK}${checksum.toString(16).padStart(8, '0')}`;
}

function sealOf(database: Uint8Array): Buffer {
  return Buffer.from(sealText(crc32(database)));
}

/** Whether a checkpoint's bytes are what was written. A flipped bit in a row is nothing that SQLite itself would notice. */
function hasSeal(bytes: Buffer): boolean {
  return bytes.subarray(-SEAL_BYTES).equals(sealOf(bytes.subarray(0, -SEAL_BYTES)));
}

/** The file, with room behind it: a database that grows beyond its buffer is copied as a whole. SQLite takes no notice of what lies behind its last page. */
async function readPadded(path: string): Promise<{ bytes: Buffer; padded: Buffer }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const padded = Buffer.alloc(size + Math.max(LEAST_ROOM_BYTES, Math.ceil(size * ROOM_SHARE)));
    return { bytes: await readAt(file, padded.subarray(0, size), 0), padded };
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

/** The database of the checkpoint at `path`, brought to our version; undefined where there is none that can be trusted. */
export async function loadCheckpoint(
  engine: SqlJsStatic,
  path: string,
  schema: DatabaseSchema,
): Promise<Connection | undefined> {
  const read = await readPadded(path).catch(() => undefined);
  if (read === undefined) return undefined; // not there, or unreadable: the journals have it all
  const { bytes, padded } = read;
  const header = parseHeader(bytes);
  if (
    header === undefined ||
    header.applicationId !== schema.applicationId ||
    header.userVersion < 1 ||
    header.userVersion > schema.migrations.length
  )
    return undefined;
  if (!hasSeal(bytes)) return undefined;
  bytes.subarray(-SEAL_BYTES).fill(0);
  let connection: Connection | undefined;
  try {
    connection = new Connection(engine, padded);
    if (header.userVersion < schema.migrations.length) migrate(connection, schema, header.userVersion);
    return connection;
  } catch {
    connection?.close(); // the same bytes as were written, but not ours to understand: the journals have it all
    return undefined;
  }
}

/** True where the checkpoint at `path` is, bit for bit, what was written. Reads it in pieces: it can be large. */
export async function isSealed(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const end = (await file.stat()).size - SEAL_BYTES;
    if (end < 0) return false;
    let checksum = 0;
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let start = 0; start < end;) {
      const { bytesRead } = await file.read(piece, 0, Math.min(PIECE_BYTES, end - start), start);
      if (bytesRead === 0) return false;
      checksum = crc32(piece.subarray(0, bytesRead), checksum);
      start += bytesRead;
    }
    const { bytesRead } = await file.read(piece, 0, SEAL_BYTES, end);
    return piece.toString('latin1', 0, bytesRead) === sealText(checksum);
  } finally {
    await file.close();
  }
}

async function syncJournal(path: string): Promise<void> {
  try {
    const file = await open(path, 'r+'); // Windows syncs only what can be written
    try {
      await file.datasync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw error; // erased since: the next reader notices
  }
}

/** Replaces the checkpoint at `path`, after the journals that `bytes` covers are synced. False where a newer version's is there: it is left alone. */
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
  await replaceFile(path, bytes, sealOf(bytes));
  return true;
}

/** Removes unfinished checkpoints beside `path` that a killed process left. */
export async function removeAbandoned(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  for (const name of await readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix) || !name.endsWith(TEMPORARY_SUFFIX)) continue;
    const file = join(folder, name);
    const found = await stat(file).catch(() => undefined);
    if (found !== undefined && Date.now() - found.mtimeMs > ABANDONED_MS) await unlink(file).catch(() => undefined);
  }
}
