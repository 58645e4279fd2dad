import type { StorePaths } from '../../storage/paths';
import { withLock } from '../system/locks';

/** A removal reads every file for its snapshot, which can take this long. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/** Runs one change of a session's worktree at a time over all windows, such as its creation or its removal. */
export async function withWorktreeLock<T>(paths: StorePaths, sessionId: string, action: () => Promise<T>): Promise<T> {
  return await withLock(paths.session(sessionId).worktreeLockName, action, { timeoutMs: LOCK_TIMEOUT_MS });
}
