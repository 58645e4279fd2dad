import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { SessionFacts } from '../../storage/sessionFacts';
import { readConsent } from '../../storage/store/consents';
import type { FilterAccess } from '../git/filters/filterAccess';
import type { Git } from '../git/git';
import { findRepository, type Repository } from '../git/repository';
import type { SessionWorktree } from '../git/sessionWorktree';
import type { SessionStore } from '../sessions/sessionStore';
import type { WorktreeSettings } from '../settings';
import type { WorktreeKeeper } from './removal/worktreeKeeper';

export interface LifecycleOptions {
  git: Git;
  store: SessionStore;
  worktreeSettings: (repository: string) => WorktreeSettings;
  /** That of a session on another host. Throws HOST_UNREACHABLE where that is not connected. */
  worktreeOnHost: (facts: SessionFacts) => Promise<WorktreeKeeper>;
}

/**
 * The worktree of these facts, for functions of the git layer.
 *
 * @throws REPOSITORY_MISSING where the session's repository is not in its place.
 * @throws DISK_UNREACHABLE where nobody can tell, since its disk does not answer.
 */
export async function worktreeOf(
  { git, store }: Pick<LifecycleOptions, 'git' | 'store'>,
  facts: SessionFacts,
): Promise<SessionWorktree> {
  await git.requireDisk(facts.repository);
  await git.requireDisk(facts.worktreePath);
  const repository = await repositoryOf(git, facts);
  return {
    repository,
    filters: filterAccessOf(store, repository),
    storeId: store.storeId,
    sessionId: facts.sessionId,
    path: facts.host === undefined ? facts.worktreePath : nowhere(store, facts),
  };
}

/** A place for a worktree in which there never is one: that of a session on another host is there. */
function nowhere({ paths }: SessionStore, { sessionId }: SessionFacts): string {
  return join(paths.session(sessionId).root, 'worktrees', sessionId);
}

export function repositoryMissing(path: string, cause?: unknown): CorralError {
  return new CorralError(
    'REPOSITORY_MISSING',
    l10n.t('The repository of this session was not found at {path}. If it was moved, say where it is now.', { path }),
    { cause },
  );
}

/** As `worktreeOf` throws. Of a repository without a main worktree, any checkout will do. */
async function repositoryOf(git: Git, { repository, commonDirectory }: SessionFacts): Promise<Repository> {
  return await findRepository(git, repository).catch(async (error: unknown) => {
    const found =
      commonDirectory === undefined ? undefined : await findRepository(git, commonDirectory).catch(() => undefined);
    if (found !== undefined && found.commonDirectory === commonDirectory) return found;
    if (!(error instanceof CorralError) || !['NO_FOLDER', 'NO_REPOSITORY'].includes(error.code)) throw error;
    throw repositoryMissing(repository, error);
  });
}

/** True where the session belongs to this repository, from whichever of its checkouts either was opened. */
export function isOfRepository(facts: SessionFacts, { commonDirectory, mainWorktree }: Repository): boolean {
  return facts.commonDirectory === commonDirectory || facts.repository === mainWorktree;
}

/** Filters that a person allowed for the repository may run for its sessions. */
export function filterAccessOf(
  { paths }: Pick<SessionStore, 'paths'>,
  { mainWorktree }: Pick<Repository, 'mainWorktree'>,
): FilterAccess {
  return {
    folderOf: (sessionId) => paths.session(sessionId).filtered,
    mayRun: async (command) =>
      (await readConsent(paths, { repository: mainWorktree, use: 'filter', command: [command] })) === true,
  };
}
