/**
 * What is known of each spare, in `spares/<id>.<state>.json`. It changes hands by one rename of that file, at which
 * only one of several windows succeeds.
 */
import { createHash } from 'node:crypto';
import { readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../../common/ifExists';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { isId } from '../../../storage/ids';
import { replaceFile, TEMPORARY_SUFFIX } from '../../../storage/journal/durableFile';
import type { StorePaths } from '../../../storage/paths';

const text = v.pipe(v.string(), v.minLength(1));
const schema = v.object({
  version: v.literal(1),
  spareId: v.pipe(v.string(), v.check(isId)),
  repository: text,
  commonDirectory: text,
  path: text,
  commit: text,
  /** See `readConditions`. */
  conditions: text,
});
export type SpareRecord = Omit<v.InferOutput<typeof schema>, 'version'>;

/**
 * Any window may take one that is `ready`. A window makes, moves or removes one that is `busy`, in which nobody worked,
 * and puts one `aside` in which somebody did.
 */
const stateSchema = v.picklist(['ready', 'busy', 'aside']);
export type SpareState = v.InferOutput<typeof stateSchema>;

export interface ListedSpare {
  record: SpareRecord;
  state: SpareState;
  /** When it was last made ready. */
  readyAtMs: number;
}

function fileOf(paths: StorePaths, id: string, state: SpareState): string {
  return join(paths.spares, `${id}.${state}.json`);
}

/** A record is written in far less. */
const ABANDONED_AFTER_MS = 3_600_000;

/** All spares of the store, without those that sessions took. A record that cannot be read is left out. */
export async function listSpares(paths: StorePaths): Promise<ListedSpare[]> {
  const found: ListedSpare[] = [];
  for (const name of await readdirIfExists(paths.spares)) {
    const [id = '', state] = /^([^.]+)\.(ready|busy|aside)\.json$/.exec(name)?.slice(1) ?? [];
    if (!isId(id)) continue;
    const file = join(paths.spares, name);
    const [record, stats] = await Promise.all([readSpare(file), ifExists(stat(file))]);
    if (record !== undefined && stats !== undefined)
      found.push({ record, state: v.parse(stateSchema, state), readyAtMs: stats.mtimeMs });
  }
  return found;
}

/** Undefined where there is no such record, or it cannot be read. */
export async function readSpare(file: string): Promise<SpareRecord | undefined> {
  const content = await ifExists(readFile(file, 'utf8'));
  if (content === undefined) return undefined;
  try {
    return v.parse(schema, JSON.parse(content));
  } catch {
    return undefined;
  }
}

/** Writes what is known of a spare that this window is at work on. */
export async function writeBusy(paths: StorePaths, record: SpareRecord): Promise<void> {
  const content = Buffer.from(JSON.stringify({ version: 1, ...record }));
  await replaceFile(fileOf(paths, record.spareId, 'busy'), content);
}

/** Takes a ready spare to work on it. False where another window took it. */
export async function beginWork(paths: StorePaths, id: string, state: 'busy' | 'aside'): Promise<boolean> {
  return await renameIfThere(fileOf(paths, id, 'ready'), fileOf(paths, id, state));
}

/** Any window may take it from now on. */
export async function endWork(paths: StorePaths, id: string): Promise<void> {
  await rename(fileOf(paths, id, 'busy'), fileOf(paths, id, 'ready'));
}

/** Notes that a spare is ready still. */
export async function touchSpare(paths: StorePaths, id: string): Promise<void> {
  const now = new Date();
  await ifExists(utimes(fileOf(paths, id, 'ready'), now, now));
}

/** Forgets a spare that is no more. */
export async function forgetSpare(paths: StorePaths, id: string): Promise<void> {
  for (const state of ['busy', 'aside'] as const) await rm(fileOf(paths, id, state), { force: true });
}

/** Removes what killed windows left of records that they were writing. */
export async function removeAbandonedRecords(paths: StorePaths): Promise<void> {
  for (const name of (await readdirIfExists(paths.spares)).filter((each) => each.endsWith(TEMPORARY_SUFFIX))) {
    const file = join(paths.spares, name);
    const stats = await ifExists(stat(file));
    if (stats !== undefined && Date.now() - stats.mtimeMs > ABANDONED_AFTER_MS) await rm(file, { force: true });
  }
}

/** Takes a ready spare for a session. False where another session or window was quicker. */
export async function claimSpare(paths: StorePaths, id: string, sessionId: string): Promise<boolean> {
  return await renameIfThere(fileOf(paths, id, 'ready'), paths.session(sessionId).spare);
}

/** Undoes `claimSpare`. */
export async function returnSpare(paths: StorePaths, id: string, sessionId: string): Promise<void> {
  await rename(paths.session(sessionId).spare, fileOf(paths, id, 'ready'));
}

/** The lock that is held while spares of the repository are made, moved and removed. Taking one needs no lock. */
export function spareLockName(paths: StorePaths, commonDirectory: string): string {
  return join(paths.spares, createHash('sha256').update(commonDirectory).digest('hex').slice(0, 16));
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  return (await ifExists(rename(from, to).then(() => true))) ?? false;
}
