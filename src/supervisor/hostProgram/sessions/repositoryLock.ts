import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ifExists } from '../../../common/ifExists';
import { readdirIfExists } from '../../../common/readdirIfExists';
import type { Repository } from '../../git/repository';
import type { SessionWorktree } from '../../git/sessionWorktree';
import { withLock } from '../../system/locks';

/** The first base of a large repository takes its time to come. */
const LOCK_TIMEOUT_MS = 10 * 60_000;
/** Of a process on another login node, nobody can tell whether it lives. */
const LAPSE_MS = 60_000;

/**
 * Runs one push into the repository, or one making of a worktree's entry, at a time over all windows. A push reads the
 * HEAD of every entry, and fails at one that git has begun to make.
 */
export async function withRepositoryLock<T>(repository: string, action: () => Promise<T>): Promise<T> {
  const actAlone = async (): Promise<T> => {
    await removeEmptyHeads(repository);
    return await action();
  };
  return await withLock(repository, actAlone, { timeoutMs: LOCK_TIMEOUT_MS, lapsesAfterMs: LAPSE_MS });
}

/** For a worktree of the repository, whose entry is made in its turn. */
export function inTurnAt({ mainWorktree }: Repository): Required<Pick<SessionWorktree, 'inTurn'>> {
  return { inTurn: async (make) => await withRepositoryLock(mainWorktree, make) };
}

/** A git that a crash of this machine ended left an entry whose HEAD names nothing. Its session is removed later. */
async function removeEmptyHeads(repository: string): Promise<void> {
  const entries = join(repository, '.git', 'worktrees');
  for (const name of await readdirIfExists(entries)) {
    const head = join(entries, name, 'HEAD');
    const content = await ifExists(readFile(head, 'latin1'));
    if (content !== undefined && /^[0\s]*$/.test(content)) await rm(head, { force: true });
  }
}
