/**
 * Files with a filter, such as those of Git LFS, whose bytes are beside the snapshots that name them: they go where the
 * snapshots go.
 */
import { join, posix } from 'node:path';
import * as v from 'valibot';
import { ifExists } from '../../../common/ifExists';
import { openRegular } from '../../../common/disks/regularFile';
import { sha256Schema } from '../../../storage/ids';
import { makeDirectory } from '../../../storage/journal/durableFile';
import type { Repository } from '../../git/repository';
import { withObjects } from '../../git/isolated/isolatedGit';
import { readKeptFilesCommit } from '../../git/snapshots/keptFilesCommit';
import { readSnapshot } from '../../git/snapshots/snapshotRef';
import { exists } from '../../git/worktreeOwnership';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { nothingSchema } from '../../hostProtocol/sessionRequests';
import type { SessionStore } from '../../sessions/sessionStore';
import type { OpenHost } from './hostStores';
import { copyFromHost } from './mirror/copyFile';

/** As for a snapshot's objects, which come over the same wire. */
const MAX_KEPT_FILE_BYTES = 2 ** 31;

/** Copies those of the session that its host has and that are not here. @throws where one has not come whole */
export async function bringKeptFiles(
  { paths, storeId }: Pick<SessionStore, 'paths' | 'storeId'>,
  { connection, store }: OpenHost,
  sessionId: string,
): Promise<void> {
  const folder = folderThere(store.root, storeId, sessionId);
  const here = paths.session(sessionId).filtered;
  const names = (await connection.list(folder)) ?? [];
  for (const sha256 of names.filter((name) => v.is(sha256Schema, name))) {
    if (await exists(join(here, sha256))) continue;
    await makeDirectory(here);
    await copyFromHost(connection, posix.join(folder, sha256), join(here, sha256), {
      maxBytes: MAX_KEPT_FILE_BYTES,
      sha256,
    });
  }
}

/** Sends those that the snapshot names and the host has not. One that is lost here, the host will miss. */
export async function sendKeptFiles(
  { paths, storeId }: Pick<SessionStore, 'paths' | 'storeId'>,
  { connection, store }: OpenHost,
  repository: Repository,
  commit: string,
): Promise<void> {
  const { filtered } = await readSnapshot(repository, commit);
  if (filtered === undefined) return;
  const files = await withObjects(repository, async (git) => await readKeptFilesCommit(git, filtered));
  for (const { sessionId, sha256 } of files) {
    const there = posix.join(folderThere(store.root, storeId, sessionId), sha256);
    if ((await connection.stat(there)) !== undefined) continue;
    const file = await ifExists(openRegular(join(paths.session(sessionId).filtered, sha256)));
    if (file === undefined) continue;
    try {
      const request: HostRequestOf<'putKeptFile'> = { request: 'putKeptFile', storeId, sessionId, sha256 };
      await connection.ask(request, nothingSchema, file.createReadStream({ autoClose: false }));
    } finally {
      await file.close();
    }
  }
}

function folderThere(root: string, storeId: string, sessionId: string): string {
  return posix.join(root, storeId, 'sessions', sessionId, 'filtered');
}
