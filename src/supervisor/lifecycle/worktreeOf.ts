import type { SessionFacts } from '../../storage/sessionFacts';
import type { Git } from '../git/git';
import { findRepository } from '../git/repository';
import type { SessionWorktree } from '../git/sessionWorktree';
import type { SessionStore } from '../sessions/sessionStore';
import type { WorktreeSettings } from '../settings';

export interface LifecycleOptions {
  git: Git;
  store: SessionStore;
  worktreeSettings: (repository: string) => WorktreeSettings;
}

/**
 * The worktree of these facts, for functions of the git layer.
 *
 * @throws NO_FOLDER NO_REPOSITORY where the session's repository is gone.
 */
export async function worktreeOf(
  { git, store }: Pick<LifecycleOptions, 'git' | 'store'>,
  { repository, sessionId, worktreePath }: SessionFacts,
): Promise<SessionWorktree> {
  return {
    repository: await findRepository(git, repository),
    storeId: store.storeId,
    sessionId,
    path: worktreePath,
  };
}
