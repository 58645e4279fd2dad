import type { SessionFacts } from '../../storage/sessionFacts';
import type { Git } from '../git/git';
import { findRepository, type Repository } from '../git/repository';
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
  facts: SessionFacts,
): Promise<SessionWorktree> {
  return {
    repository: await repositoryOf(git, facts),
    storeId: store.storeId,
    sessionId: facts.sessionId,
    path: facts.worktreePath,
  };
}

/** As `worktreeOf` throws. Of a repository without a main worktree, any checkout will do. */
async function repositoryOf(git: Git, { repository, commonDirectory }: SessionFacts): Promise<Repository> {
  return await findRepository(git, repository).catch(async (error: unknown) => {
    const found =
      commonDirectory === undefined ? undefined : await findRepository(git, commonDirectory).catch(() => undefined);
    if (found?.commonDirectory !== commonDirectory) throw error;
    if (found === undefined) throw error;
    return found;
  });
}

/** True where the session belongs to this repository, from whichever of its checkouts either was opened. */
export function isOfRepository(facts: SessionFacts, { commonDirectory, mainWorktree }: Repository): boolean {
  return facts.commonDirectory === commonDirectory || facts.repository === mainWorktree;
}
