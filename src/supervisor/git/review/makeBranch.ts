import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { Repository } from '../repository';
import { commitWork, type ChangesToApply } from './workCommit';

/**
 * Makes a branch of the worktree's commits and one more for its uncommitted changes, or moves the branch that was made
 * before (`known`). Answers with the branch's commit.
 *
 * @throws INVALID_ARGUMENT where git allows no such name.
 * @throws CONFLICT where the name is taken by another branch, or the branch was changed or is checked out.
 */
export async function makeBranch(
  repository: Repository,
  changes: ChangesToApply,
  name: string,
  known?: { name: string; commit: string },
): Promise<string> {
  const { git, mainWorktree } = repository;
  const reference = `refs/heads/${name}`;
  const { exitCode } = await git.run(mainWorktree, ['check-ref-format', reference], { acceptedExitCodes: [0, 1] });
  if (exitCode !== 0 || name.startsWith('-'))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('“{name}” cannot be the name of a branch.', { name }));
  const commit = await commitWork(repository, changes);
  const current = await git.text(mainWorktree, ['rev-parse', '--verify', '--quiet', reference], {
    acceptedExitCodes: [0, 1],
  });
  if (current === commit) return commit;
  const isOurs = known?.name === name && known.commit === current;
  if (current !== '' && !isOurs)
    throw new CorralError(
      'CONFLICT',
      l10n.t('There is a branch {name} already, and it is not as this session left it. Choose another name.', { name }),
    );
  if (isOurs && (await isCheckedOut(repository, reference)))
    throw new CorralError(
      'CONFLICT',
      l10n.t('The branch {name} is checked out, so it is not moved. Merge into it, or choose another name.', { name }),
    );
  const before = current === '' ? '0'.repeat(commit.length) : current;
  await git.run(mainWorktree, ['update-ref', '-m', 'corral: branch', reference, commit, before]);
  return commit;
}

async function isCheckedOut({ git, mainWorktree }: Repository, reference: string): Promise<boolean> {
  const worktrees = await git.text(mainWorktree, ['worktree', 'list', '--porcelain', '-z']);
  return worktrees.split('\0').includes(`branch ${reference}`);
}
