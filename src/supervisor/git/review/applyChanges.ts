import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { requireHeadCommit } from '../repository';
import { withObjects } from '../isolated/isolatedGit';
import type { FilterOptions } from '../filters/filterGit';
import { writeCommit } from '../snapshots/snapshotRef';
import { readIndexTree, requireIdle, runSequencer, type Checkout } from './checkout';
import { commitLinearWork, type ChangesToApply } from './workCommit';

/** `staged`: as uncommitted changes. `commits`: the session's commits, and one more for its uncommitted changes. */
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
  /** The files that were left in conflict, as people read them. Absent in older records. */
  conflicts?: string[] | undefined;
}

/**
 * Applies the work to the user's checkout on top of what is there. Conflicts are left in git's usual state for a merge
 * editor; in the mode `commits` the cherry-pick then waits for it.
 *
 * @throws CONFLICT, with nothing changed, where git is in the middle of something or would overwrite other changes.
 */
export async function applyChanges(
  checkout: Checkout,
  changes: ChangesToApply,
  mode: ApplyMode,
  filterOptions: FilterOptions = {},
): Promise<{ applied: AppliedChanges; conflicts: string[] }> {
  const { repository, path } = checkout;
  const { git } = repository;
  const { baseCommit, work, title } = changes;
  await requireIdle(checkout);
  const before = await requireHeadCommit(git, path);
  const index = await readIndexTree(checkout);
  // Git would refuse, too, but leave a cherry-pick whose abort drops what is staged.
  if (mode === 'commits' && index !== (await git.text(path, ['rev-parse', `${before}^{tree}`])))
    throw new CorralError(
      'CONFLICT',
      l10n.t('There are staged changes in your checkout. Commit or stash them first, or apply as uncommitted changes.'),
    );
  const commit =
    mode === 'staged'
      ? await withObjects(
          repository,
          async (isolated) => await writeCommit(isolated, { tree: work.tree, parents: [baseCommit], message: title }),
        )
      : await commitLinearWork(repository, changes);
  const options =
    mode === 'staged'
      ? ['--no-commit', '--allow-empty', commit]
      : ['--ff', '--allow-empty', '--keep-redundant-commits', '--no-gpg-sign', `${baseCommit}..${commit}`];
  const conflicts = await runSequencer(checkout, ['cherry-pick', ...options], filterOptions);
  const after = await requireHeadCommit(git, path);
  return { applied: { mode, commit, base: baseCommit, before, index, after, conflicts }, conflicts };
}
