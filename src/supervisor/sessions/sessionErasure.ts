/** Removes everything that was recorded of a session. */
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readdirIfExists } from '../../common/readdirIfExists';
import { syncDirectory } from '../../storage/journal/durableFile';
import { newId } from '../../storage/ids';
import type { StorePaths } from '../../storage/paths';
import { ringDoorbell } from '../../storage/store/store';
import type { SessionStore } from './sessionStore';

/** Ends the name of an erased session's folder until all of it is removed. */
const ERASED_SUFFIX = '.erased';

/** Takes the session away; its worktree lock is held. `removeErased` frees the disk. */
export async function eraseSession(store: SessionStore, sessionId: string): Promise<void> {
  await takeFolderAway(store.paths, sessionId);
  await ringDoorbell(store.paths, sessionId);
  await store.sync(sessionId);
}

/** As `eraseSession`, in a store that nobody follows. */
export async function takeFolderAway(paths: StorePaths, sessionId: string): Promise<void> {
  // Renamed in one step: after a crash, no window takes what is left for a session.
  await rename(paths.session(sessionId).root, join(paths.sessions, `${newId()}${ERASED_SUFFIX}`));
  await rm(join(paths.asides, sessionId), { force: true });
  await syncDirectory(paths.sessions);
}

/** Removes the folders of erased sessions, also those that another window did not finish. */
export async function removeErased(paths: StorePaths): Promise<void> {
  const failures: unknown[] = [];
  for (const name of (await readdirIfExists(paths.sessions)).filter((each) => each.endsWith(ERASED_SUFFIX)))
    await rm(join(paths.sessions, name), { recursive: true, force: true, maxRetries: 3 }).catch((error: unknown) =>
      failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
}
