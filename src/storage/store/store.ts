/** The store's folder: made where it is not there, and known by the id in store.json. */
import { appendFile, link, readFile, rename, stat, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as v from 'valibot';
import { makeDirectory, syncDirectory, temporaryPath, writeNewFile } from '../journal/durableFile';
import { CorralError } from '../errors';
import { hasCode, messageOf } from '../../common/errors';
import { newId } from '../ids';
import { StorePaths } from '../paths';

/** The layout that this version writes. */
const FORMAT = 1;
const CHANGES_LIMIT_BYTES = 1024 * 1024;
/** Where a file system knows no links, another window may be between making store.json and filling it. */
const FILL_ATTEMPTS = 20;
const FILL_WAIT_MS = 50;

const storeSchema = v.object({
  format: v.pipe(v.number(), v.integer(), v.minValue(1)),
  id: v.pipe(v.string(), v.minLength(1)),
});

export interface OpenedStore {
  paths: StorePaths;
  /** The same for every window on this folder; worktrees carry it. */
  storeId: string;
  /** The store was made by a newer version: nothing in it may be written. */
  readOnly: boolean;
}

/** Publishes store.json complete, unless there is one. */
async function publish(paths: StorePaths): Promise<void> {
  const content = Buffer.from(`${JSON.stringify({ format: FORMAT, id: newId() })}\n`);
  const temporary = temporaryPath(paths.storeFile);
  await writeNewFile(temporary, content);
  try {
    await link(temporary, paths.storeFile);
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return;
    await writeNewFile(paths.storeFile, content).catch((failure: unknown) => {
      if (!hasCode(failure, 'EEXIST')) throw failure;
    });
  } finally {
    await unlink(temporary);
  }
  await syncDirectory(paths.root);
}

async function readStoreFile(paths: StorePaths): Promise<string | undefined> {
  for (let attempt = 1; ; attempt++) {
    try {
      const text = await readFile(paths.storeFile, 'utf8');
      if (text !== '' || attempt === FILL_ATTEMPTS) return text;
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return undefined;
      throw error;
    }
    await delay(FILL_WAIT_MS);
  }
}

function parseStoreFile(text: string, path: string): v.InferOutput<typeof storeSchema> {
  try {
    return v.parse(storeSchema, JSON.parse(text));
  } catch (error) {
    throw new CorralError(
      'STORE_FAILED',
      `${path} is damaged, so its sessions are not touched. Restore the file, or choose another corral.storage.location.`,
      {
        cause: error,
      },
    );
  }
}

/** Opens the store at `root`, or makes it. Throws STORE_FAILED where the folder cannot be used; an unreadable store.json is never rewritten. */
export async function openStore(root: string): Promise<OpenedStore> {
  const paths = new StorePaths(root);
  try {
    let text = await readStoreFile(paths);
    if (text === undefined) {
      await makeDirectory(root);
      await publish(paths);
      text = (await readStoreFile(paths)) ?? '';
    }
    const { format, id } = parseStoreFile(text, paths.storeFile);
    const readOnly = format > FORMAT;
    if (!readOnly) await makeDirectory(paths.sessions);
    return { paths, storeId: id, readOnly };
  } catch (error) {
    if (error instanceof CorralError) throw error;
    throw new CorralError('STORE_FAILED', `The folder ${root} cannot be used to store sessions: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * Tells every window that the session changed. Only a hint, which a later look at the journals makes good: a full disk is no error here.
 * The log is emptied when it grows large; whoever follows it starts over where it is shorter than before.
 */
export async function ringDoorbell(paths: StorePaths, sessionId: string): Promise<void> {
  try {
    await appendFile(paths.changesLog, `${sessionId}\n`, { mode: 0o600 });
    if ((await stat(paths.changesLog)).size <= CHANGES_LIMIT_BYTES) return;
    const temporary = temporaryPath(paths.changesLog);
    await writeFile(temporary, `${sessionId}\n`, { mode: 0o600, flag: 'wx' });
    await rename(temporary, paths.changesLog);
  } catch {
    // The journals say the same.
  }
}
