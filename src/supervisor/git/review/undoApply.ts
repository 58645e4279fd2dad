import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { isAncestor, withObjects } from '../isolated/isolatedGit';
import type { FilterOptions } from '../filters/filterGit';
import { encodePaths, pathToText, splitZ } from '../pathBytes';
import { isObjectId, requireHeadCommit } from '../repository';
import type { AppliedChanges } from './applyChanges';
import {
  listConflicts,
  overwritesChanges,
  refuseOperation,
  runSequencer,
  unresolvedConflicts,
  type Checkout,
} from './checkout';

/**
 * Undoes what `applyChanges` did, including unresolved conflicts. What was changed since stays.
 *
 * @throws CONFLICT where git is in the middle of something else, or would overwrite the user's changes.
 * @throws INVALID_ARGUMENT where `applied` holds anything but object ids.
 */
export async function undoApply(
  checkout: Checkout,
  applied: AppliedChanges,
  filterOptions: FilterOptions = {},
): Promise<void> {
  const { path } = checkout;
  const { git } = checkout.repository;
  const { mode, commit, base, before, index, after } = applied;
  if (![commit, base, before, index, after].every(isObjectId))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('What was applied cannot be read from the session’s record.'));
  if (mode === 'commits' && (await isCherryPickWaiting(checkout, applied))) {
    await git.run(path, ['cherry-pick', '--abort'], filterOptions);
    return;
  }
  await refuseOperation(checkout);
  if (mode === 'staged') {
    if ((await listConflicts(checkout)).length > 0) await restorePaths(checkout, applied, filterOptions);
    else await revert(checkout, commit, filterOptions);
    return;
  }
  const head = await requireHeadCommit(git, path);
  if (head === after) {
    const { exitCode, stderr } = await git.run(path, ['reset', '--keep', before], {
      ...filterOptions,
      acceptedExitCodes: [0, 1, 128],
    });
    if (exitCode !== 0) throw overwritesChanges(stderr);
    return;
  }
  if (!(await withObjects(checkout.repository, async (objects) => await isAncestor(objects, after, head))))
    throw new CorralError('CONFLICT', l10n.t('The branch that you have checked out now does not have these commits.'));
  await revert(checkout, `${before}..${after}`, filterOptions); // what the user committed since stays
}

/** True where the cherry-pick that waits in the checkout is the one with which this work was applied. */
async function isCherryPickWaiting(
  { repository, path, gitDirectory }: Checkout,
  { base, commit, before }: AppliedChanges,
): Promise<boolean> {
  const { git } = repository;
  const picked = await git.text(path, ['rev-parse', '--verify', '--quiet', 'CHERRY_PICK_HEAD'], {
    acceptedExitCodes: [0, 1],
  });
  if (picked === '') return false;
  const began = await readFile(join(gitDirectory, 'sequencer/head'), 'utf8').catch(() => '');
  if (began.trim() !== before) return false;
  const commits = await withObjects(repository, async (objects) => objects.text(['rev-list', commit, `^${base}`]));
  return commits.split('\n').includes(picked);
}

async function revert(checkout: Checkout, revisions: string, filterOptions: FilterOptions): Promise<void> {
  const conflicts = await runSequencer(checkout, ['revert', '--no-commit', revisions], filterOptions);
  // Otherwise git goes on saying that a revert is in progress.
  if (conflicts.length === 0) await checkout.repository.git.run(checkout.path, ['revert', '--quit']);
}

/**
 * Restores the files of the work from the index before: git applied it only where they had no other changes.
 *
 * @throws CONFLICT where one of them was changed since, or the conflicts are not those that applying left.
 */
async function restorePaths(checkout: Checkout, applied: AppliedChanges, filterOptions: FilterOptions): Promise<void> {
  const { commit, base, index, after, conflicts = [] } = applied;
  const { path: checkoutPath } = checkout;
  const { git } = checkout.repository;
  const [changed, inIndex] = await withObjects(checkout.repository, async (objects) => {
    const list = async (...listing: string[]): Promise<string[]> => splitZ((await objects.run(listing)).stdout);
    return [
      await list('diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit),
      await list('ls-tree', '-r', '-z', '--name-only', index),
    ] as const;
  });
  const changedNames = new Set(changed.map(pathToText));
  const unmerged = await listConflicts(checkout);
  if (
    (await requireHeadCommit(git, checkoutPath)) !== after ||
    !unmerged.every((name) => changedNames.has(name) && conflicts.includes(name))
  )
    throw unresolvedConflicts();
  const edited = splitZ(
    (await git.run(checkoutPath, ['diff', '--no-ext-diff', '-z', '--name-only', '--no-renames'], filterOptions)).stdout,
  ).map(pathToText);
  const lost = edited.find((name) => changedNames.has(name) && !unmerged.includes(name));
  if (lost !== undefined)
    throw new CorralError(
      'CONFLICT',
      l10n.t('You have changed {file} since. Resolve the conflicts first, or restore that file.', { file: lost }),
    );
  const known = new Set([...splitZ((await git.run(checkoutPath, ['ls-files', '-z'])).stdout), ...inIndex]);
  await git.run(
    checkoutPath,
    ['restore', `--source=${index}`, '--staged', '--worktree', '--pathspec-from-file=-', '--pathspec-file-nul'],
    {
      ...filterOptions,
      input: encodePaths(changed.filter((path) => known.has(path))),
      environment: { GIT_LITERAL_PATHSPECS: '1' },
    },
  );
}
