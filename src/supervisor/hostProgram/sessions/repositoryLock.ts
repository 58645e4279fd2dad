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
  return await withLock(repository, action, { timeoutMs: LOCK_TIMEOUT_MS, lapsesAfterMs: LAPSE_MS });
}
