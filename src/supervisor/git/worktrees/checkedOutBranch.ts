/** Git lets only one worktree check a branch out, so a worktree in the trash must leave its branch to the user. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { headCommit } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';

const BRANCH_FILE = 'corral-branch';

/** Detaches HEAD at its commit, and remembers its branch for `returnToBranch`. */
export async function releaseBranch(
  { repository: { git }, path }: WorktreeFolder,
  administrativeDirectory: string,
): Promise<void> {
  const branch = await git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], { acceptedExitCodes: [0, 1] });
  const head = await headCommit(git, path);
  if (branch === '' || head === '') return;
  await writeFile(join(administrativeDirectory, BRANCH_FILE), branch);
  await git.run(path, ['update-ref', '--no-deref', 'HEAD', head]);
}

export async function returnToBranch(folder: WorktreeFolder, administrativeDirectory: string): Promise<void> {
  const file = join(administrativeDirectory, BRANCH_FILE);
  await checkOutBranch(folder, await readFile(file, 'utf8').catch(() => ''));
  await rm(file, { force: true });
}

/** Checks `refs/heads/…` out, unless it has moved or is checked out elsewhere: then HEAD stays detached. */
export async function checkOutBranch({ repository: { git }, path }: WorktreeFolder, branch: string): Promise<void> {
  if (branch === '') return;
  const commitOf = async (revision: string): Promise<string> =>
    git.text(path, ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], {
      acceptedExitCodes: [0, 1],
    });
  const worktrees = (await git.text(path, ['worktree', 'list', '--porcelain', '-z'])).split('\0');
  if (!worktrees.includes(`branch ${branch}`) && (await commitOf(branch)) === (await commitOf('HEAD')))
    await git.run(path, ['symbolic-ref', '-m', 'corral: back on the branch', 'HEAD', branch]);
}
