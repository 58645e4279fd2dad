import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { hasCode, messageOf } from '../../../common/errors';
import { trashPathFor, type SessionWorktree } from '../sessionWorktree';
import { captureListOf, listFileOf, writeCaptureList } from '../snapshots/captureList';
import { takeCompleteSnapshot } from '../snapshots/completeSnapshot';
import { diskTimeNs } from '../snapshots/fileList';
import { findOperations } from '../snapshots/uncapturedWork';
import { exists, linkWorktree, locateWorktree } from '../worktreeOwnership';
import { releaseBranch, returnToBranch } from './checkedOutBranch';

const PRIVATE_FOLDER_MODE = 0o700;
const RENAME_ATTEMPTS = process.platform === 'win32' ? 8 : 1;

export interface TrashedWorktree {
  /** The last snapshot, which the session's ref holds. */
  commit: string;
  /** Work that no snapshot can hold, in words. While there is any, the folder in the trash must stay. */
  notCaptured: string[];
}

/**
 * Moves a worktree into the trash and snapshots it there, byte for byte. Can be repeated after a crash, and
 * `restoreFromTrash` reverses it from any point; no process of the session may be running.
 *
 * @throws WORKTREE_MISSING where it is nowhere.
 * @throws WORKTREE_FAILED where it cannot be moved.
 */
export async function moveToTrash(worktree: SessionWorktree): Promise<TrashedWorktree> {
  const { path } = worktree;
  const located = await locateWorktree(worktree);
  if (located.place === 'missing')
    throw new CorralError('WORKTREE_MISSING', l10n.t('There is no worktree in {path}.', { path }));
  const trashPath = trashPathFor(path);
  if (located.place === 'worktree') await move(path, trashPath);
  await linkWorktree(trashPath, located.administrativeDirectory);

  const inTrash = { ...worktree, path: trashPath };
  await rm(listFileOf(trashPath), { force: true });
  const beforeNs = await diskTimeNs(`${trashPath}.clock`);
  const snapshot = await takeCompleteSnapshot(inTrash, 'Before the worktree was removed');
  const operations = await findOperations(located.administrativeDirectory);
  const notCaptured = [...new Set([...operations, ...snapshot.notCaptured])];
  const afterNs = await diskTimeNs(`${trashPath}.clock`);
  if (notCaptured.length === 0)
    await writeCaptureList(listFileOf(trashPath), captureListOf(snapshot.list, beforeNs, afterNs));
  await releaseBranch(inTrash, located.administrativeDirectory);
  return { commit: snapshot.commit, notCaptured };
}

/**
 * Moves a worktree from the trash back to its place, as it was. Does nothing where it is there already.
 *
 * @throws CONFLICT where its place is taken.
 * @throws WORKTREE_MISSING where it is nowhere.
 */
export async function restoreFromTrash(worktree: SessionWorktree): Promise<void> {
  const { path } = worktree;
  const located = await locateWorktree(worktree);
  if (located.place === 'missing')
    throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree is not in the trash any more.'));
  if (located.place === 'trash') await move(located.path, path);
  await linkWorktree(path, located.administrativeDirectory);
  await returnToBranch(worktree, located.administrativeDirectory);
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: PRIVATE_FOLDER_MODE });
  if (await exists(to))
    throw new CorralError('CONFLICT', l10n.t('{path} exists already. Move it away and try again.', { path: to }));
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      const isBusy = ['EBUSY', 'EPERM', 'EACCES'].some((code) => hasCode(error, code));
      const reason = messageOf(error);
      // Windows renames no folder in which a program has a file open. A virus scanner closes it after a moment.
      if (!isBusy || attempt === RENAME_ATTEMPTS)
        throw new CorralError(
          'WORKTREE_FAILED',
          isBusy
            ? l10n.t('The worktree cannot be moved, since a program still works in it ({reason}).', { reason })
            : l10n.t('The worktree cannot be moved ({reason}).', { reason }),
          { cause: error },
        );
      await delay(50 * 2 ** attempt);
    }
  }
}
