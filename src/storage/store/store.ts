/** Opens the folder in which all sessions are kept, and rings the doorbell of its windows. */
import { constants } from 'node:fs';
import { link, rename, unlink, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { makeDirectory, syncDirectory, temporaryPath, writeNewFile } from '../journal/durableFile';
import { CorralError } from '../errors';
import { probeDisk } from './diskProbe';
import { hasCode, messageOf } from '../../common/errors';
import { ifExists } from '../../common/ifExists';
import { openRegular, readRegular } from '../../common/disks/regularFile';
import { newId } from '../ids';
import { StorePaths } from '../paths';

/** The format that this version writes. */
const FORMAT = 1;
/** The flags of `a`. */
const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY;
const MAX_CHANGES_BYTES = 1024 * 1024;
/** Begins the first line of a log that followed another one, by which the two are told apart. */
export const DOORBELL_HEADER = '# ';
/** Without hard links store.json is empty for a moment, while another window makes it. */
const FILL_ATTEMPTS = 20;
const FILL_WAIT_MS = 50;

const storeSchema = v.object({
  format: v.pipe(v.number(), v.integer(), v.minValue(1)),
  id: v.pipe(v.string(), v.minLength(1)),
});

export interface OpenedStore {
  paths: StorePaths;
  /** The same for every window on this folder. It says in each worktree whose that is. */
  storeId: string;
  /** A newer version made the store, so nothing in it may be written. */
  readOnly: boolean;
}

/** Makes store.json, complete from the start, unless there is one. */
async function publishStoreFile(paths: StorePaths): Promise<void> {
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
    const text = await ifExists(readRegular(paths.storeFile));
    if (text !== '' || attempt === FILL_ATTEMPTS) return text;
    await delay(FILL_WAIT_MS);
  }
}

function parseStoreFile(text: string, path: string): v.InferOutput<typeof storeSchema> {
  try {
    return v.parse(storeSchema, JSON.parse(text));
  } catch (error) {
    throw new CorralError(
      'STORE_FAILED',
      l10n.t('{path} is damaged. Restore the file, or choose another folder in the setting “{setting}”.', {
        path,
        setting: 'corral.storage.location',
      }),
      { cause: error },
    );
  }
}

/**
 * Opens the store in the folder `root`, or makes it there. A damaged store.json is never rewritten.
 * @throws STORE_FAILED where the folder cannot be used
 */
export async function openStore(root: string): Promise<OpenedStore> {
  const store = await findStore(root);
  await requireUsable(store);
  return store;
}

/**
 * As `openStore`, for what only reads at first: `requireUsable` is to be called before anything is written.
 * @throws STORE_FAILED where there can be no store in the folder
 */
export async function findStore(root: string): Promise<OpenedStore> {
  const paths = new StorePaths(root);
  return await storedIn(root, async () => {
    let text = await readStoreFile(paths);
    if (text === undefined) {
      await makeDirectory(root);
      await publishStoreFile(paths);
      text = (await readStoreFile(paths)) ?? '';
    }
    const { format, id } = parseStoreFile(text, paths.storeFile);
    return { paths, storeId: id, readOnly: format > FORMAT };
  });
}

/**
 * Tries whether the store's disk can do what several windows need.
 * @throws STORE_FAILED where it cannot
 */
export async function requireUsable({ paths, readOnly }: OpenedStore): Promise<void> {
  if (readOnly) return;
  await storedIn(paths.root, async () => {
    await makeDirectory(paths.sessions);
    await probeDisk(paths.sessions);
  });
}

async function storedIn<T>(root: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CorralError) throw error;
    throw new CorralError(
      'STORE_FAILED',
      l10n.t('Sessions cannot be stored in the folder {root}: {reason}', { root, reason: messageOf(error) }),
      { cause: error },
    );
  }
}

/**
 * Tells every window that the session changed. It is only a hint, so a failure such as a full disk is ignored.
 * @remarks The log starts anew when it grows large, which its readers notice by its length.
 */
export async function ringDoorbell(paths: StorePaths, sessionId: string): Promise<void> {
  try {
    const log = await openRegular(paths.changesLog, APPEND, 0o600);
    try {
      await log.appendFile(`${sessionId}\n`);
      if ((await log.stat()).size <= MAX_CHANGES_BYTES) return;
    } finally {
      await log.close();
    }
    const temporary = temporaryPath(paths.changesLog);
    await writeFile(temporary, `${DOORBELL_HEADER}${newId()}\n${sessionId}\n`, { mode: 0o600, flag: 'wx' });
    await rename(temporary, paths.changesLog);
  } catch {
    // A later look at the journals finds the change as well.
  }
}
