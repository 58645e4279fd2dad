import type { StorePaths } from '../../storage/paths';
import { withLock } from '../system/locks';

/** A removal reads every file once for its snapshot; whoever waits for one waits this long. */
const LOCK_TIMEOUT_MS = 10 * 60_000;

/** One change of a session's worktree at a time, over all windows: its making up to the first run, its removal, its return. */
export async function withWorktreeLock<T>(paths: StorePaths, sessionId: string, action: () => Promise<T>): Promise<T> {
  return await withLock(paths.session(sessionId).worktreeLockName, action, { timeoutMs: LOCK_TIMEOUT_MS });
}
