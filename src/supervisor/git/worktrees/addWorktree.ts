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
  const { repository, path, signal, inTurn } = worktree;
  const options = ['--quiet', '--no-checkout', '--detach', '--lock', '--reason', lockReason(worktree)];
  const command = ['worktree', 'add', ...options, '--', path, commit];
  const add = async (): Promise<void> => {
    await repository.git.run(repository.mainWorktree, command, { signal, filters });
  };
  await (inTurn === undefined ? add() : inTurn(add));
}

/** Makes the files of a commit in a worktree that `addWorktree` made, over whatever is there. */
export async function checkOut(
  { repository, path, signal }: SessionWorktree,
  commit: string,
  filters?: readonly Setting[],
): Promise<void> {
  await repository.git.run(path, ['reset', '--quiet', '--hard', '--no-recurse-submodules', commit], {
    signal,
    filters,
  });
}
