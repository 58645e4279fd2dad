import type { SessionFacts } from '../../storage/sessionFacts';
import { cleanTree } from '../git/filters/cleanWork';
import { readWork } from '../git/review/changes';
import type { ChangesToApply } from '../git/review/workCommit';
import type { SessionWorktree } from '../git/sessionWorktree';

/** The session's work as it goes to a checkout or a branch, cleaned by filters. Throws CONFLICT as `cleanTree`. */
export async function changesToApply(worktree: SessionWorktree, facts: SessionFacts): Promise<ChangesToApply> {
  const { repository, filters } = worktree;
  const work = await readWork(worktree);
  const tree = await cleanTree(repository, work.tree, work.filtered, filters);
  return { baseCommit: facts.baseCommit, work: { ...work, tree }, title: facts.title };
}
