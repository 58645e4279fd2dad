import type { StorePaths } from '../../storage/paths';
import { withLock, type StillOwner } from '../system/locks';

/** A removal reads every file for its snapshot, which can take this long. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/**
 * Runs one change of a session's worktree at a time over all windows, such as its creation or its removal. `action`
 * calls `stillOwner` before it moves or removes files.
 */
export async function withWorktreeLock<T>(
  paths: StorePaths,
  sessionId: string,
  action: (stillOwner: StillOwner) => Promise<T>,
): Promise<T> {
  return await withLock(paths.session(sessionId).worktreeLockName, action, { timeoutMs: LOCK_TIMEOUT_MS });
}
