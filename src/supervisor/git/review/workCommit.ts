import type { SessionWork } from './changes';
import { isAncestor, withObjects } from '../isolated/isolatedGit';
import { readIdentity, type Repository } from '../repository';

export interface ChangesToApply {
  baseCommit: string;
  work: SessionWork;
  /** The subject of commits that are made of it. */
  title: string;
}

/** The worktree's HEAD, with one more commit by the user where its files differ. */
export async function commitWork(repository: Repository, { baseCommit, work, title }: ChangesToApply): Promise<string> {
  const head = work.head ?? baseCommit;
  const environment = await readIdentity(repository);
  return await withObjects(repository, async (git) => {
    const isCommitted = (await git.text(['rev-parse', `${head}^{tree}`])) === work.tree;
    return isCommitted ? head : await git.text(['commit-tree', '-p', head, '-m', title, work.tree], { environment });
  });
}

/** As `commitWork`, but one commit where there are merges or HEAD has left the base, which cannot be cherry-picked. */
export async function commitLinearWork(repository: Repository, changes: ChangesToApply): Promise<string> {
  const { baseCommit, work, title } = changes;
  const commit = await commitWork(repository, changes);
  const environment = await readIdentity(repository);
  return await withObjects(repository, async (git) => {
    const merges = await git.text(['rev-list', '--merges', '--max-count=1', commit, `^${baseCommit}`]);
    return merges === '' && (await isAncestor(git, baseCommit, commit))
      ? commit
      : await git.text(['commit-tree', '-p', baseCommit, '-m', title, work.tree], { environment });
  });
}
