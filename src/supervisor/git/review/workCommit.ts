import type { SessionWork } from './changes';
import type { Repository } from '../repository';

export interface ChangesToApply {
  baseCommit: string;
  work: SessionWork;
  /** The subject of commits that are made of it. */
  title: string;
}

/** The worktree's HEAD, with one more commit by the user where its files differ. */
export async function commitWork(
  { git, mainWorktree }: Repository,
  { baseCommit, work, title }: ChangesToApply,
): Promise<string> {
  const head = work.head ?? baseCommit;
  const isCommitted = (await git.text(mainWorktree, ['rev-parse', `${head}^{tree}`])) === work.tree;
  return isCommitted ? head : await git.text(mainWorktree, ['commit-tree', '-p', head, '-m', title, work.tree]);
}

/** As `commitWork`, but one commit where there are merges or HEAD has left the base, which cannot be cherry-picked. */
export async function commitLinearWork(repository: Repository, changes: ChangesToApply): Promise<string> {
  const { git, mainWorktree } = repository;
  const { baseCommit, work, title } = changes;
  const commit = await commitWork(repository, changes);
  const merges = await git.text(mainWorktree, ['rev-list', '--merges', '--max-count=1', `${baseCommit}..${commit}`]);
  const { exitCode } = await git.run(mainWorktree, ['merge-base', '--is-ancestor', baseCommit, commit], {
    acceptedExitCodes: [0, 1],
  });
  return merges === '' && exitCode === 0
    ? commit
    : await git.text(mainWorktree, ['commit-tree', '-p', baseCommit, '-m', title, work.tree]);
}
