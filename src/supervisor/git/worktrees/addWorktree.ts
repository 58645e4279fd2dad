import type { Setting } from '../safeConfiguration';
import type { SessionWorktree } from '../sessionWorktree';
import { lockReason } from '../worktreeOwnership';

/**
 * Registers a worktree without files at `worktree.path`, detached at the commit and locked in its session's name. Git
 * would check the files out in a process of its own, which a cancel does not reach.
 */
export async function addWorktree(
  worktree: SessionWorktree,
  commit: string,
  filters?: readonly Setting[],
): Promise<void> {
  const { repository, path, signal } = worktree;
  const options = ['--quiet', '--no-checkout', '--detach', '--lock', '--reason', lockReason(worktree)];
  await repository.git.run(repository.mainWorktree, ['worktree', 'add', ...options, '--', path, commit], {
    signal,
    filters,
  });
}
