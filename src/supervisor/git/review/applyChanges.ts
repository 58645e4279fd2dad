import { CorralError } from '../../../storage/errors';
import { requireHeadCommit, type Repository } from '../repository';
import { writeCommit } from '../snapshots/snapshotRef';
import { readIndexTree, requireIdle, runSequencer } from './checkout';
import { commitLinearWork, type ChangesToApply } from './workCommit';

/** `staged`: as uncommitted changes. `commits`: the session's own commits, and one more for what it has not committed. */
export type ApplyMode = 'staged' | 'commits';

/** What was applied, as object ids: all that `undoApply` needs. */
export interface AppliedChanges {
  mode: ApplyMode;
  /** The last commit that was picked. */
  commit: string;
  /** The commit after which picking began. */
  base: string;
  /** The checkout's HEAD before. */
  before: string;
  /** The checkout's index before, as a tree. */
  index: string;
  /** The checkout's HEAD after. */
  after: string;
  /** The files that it left with conflicts, as people read them. Absent in older records. */
  conflicts?: string[] | undefined;
}

/**
 * Applies the work to the user's checkout on top of whatever is there. `conflicts` are left in git's ordinary state for
 * a merge editor; in the mode `commits` git waits in its cherry-pick.
 *
 * @throws CONFLICT, with nothing changed, where git is in the middle of something or would overwrite changes of the user's.
 */
export async function applyChanges(
  repository: Repository,
  changes: ChangesToApply,
  mode: ApplyMode,
): Promise<{ applied: AppliedChanges; conflicts: string[] }> {
  const { git, mainWorktree } = repository;
  const { baseCommit, work, title } = changes;
  await requireIdle(repository);
  const before = await requireHeadCommit(git, mainWorktree);
  const index = await readIndexTree(repository);
  // Git would refuse as well, but leave its cherry-pick half begun, and aborting that would drop what is staged.
  if (mode === 'commits' && index !== (await git.text(mainWorktree, ['rev-parse', `${before}^{tree}`])))
    throw new CorralError(
      'CONFLICT',
      'There are staged changes in your checkout. Commit or stash them first, or apply as uncommitted changes.',
    );
  const commit =
    mode === 'staged'
      ? await writeCommit(repository, { tree: work.tree, parents: [baseCommit], message: title })
      : await commitLinearWork(repository, changes);
  const options =
    mode === 'staged'
      ? ['--no-commit', '--allow-empty', commit]
      : ['--ff', '--allow-empty', '--keep-redundant-commits', '--no-gpg-sign', `${baseCommit}..${commit}`];
  const conflicts = await runSequencer(repository, ['cherry-pick', ...options]);
  const after = await requireHeadCommit(git, mainWorktree);
  return { applied: { mode, commit, base: baseCommit, before, index, after, conflicts }, conflicts };
}
