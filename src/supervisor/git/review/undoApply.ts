import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { encodePaths, pathToText, splitZ } from '../pathBytes';
import { isObjectId, requireHeadCommit, type Repository } from '../repository';
import type { AppliedChanges } from './applyChanges';
import { listConflicts, overwritesChanges, refuseOperation, runSequencer, unresolvedConflicts } from './checkout';

/**
 * Undoes what `applyChanges` did, including unresolved conflicts. What was changed since stays.
 *
 * @throws CONFLICT where git is in the middle of something else, or would overwrite the user's changes.
 * @throws INVALID_ARGUMENT where `applied` holds anything but object ids.
 */
export async function undoApply(repository: Repository, applied: AppliedChanges): Promise<void> {
  const { git, mainWorktree } = repository;
  const { mode, commit, base, before, index, after } = applied;
  if (![commit, base, before, index, after].every(isObjectId))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('What was applied cannot be read from the session’s record.'));
  if (mode === 'commits' && (await isCherryPickWaiting(repository, applied))) {
    await git.run(mainWorktree, ['cherry-pick', '--abort']);
    return;
  }
  await refuseOperation(repository);
  if (mode === 'staged') {
    if ((await listConflicts(repository)).length > 0) await restorePaths(repository, applied);
    else await revert(repository, commit);
    return;
  }
  const head = await requireHeadCommit(git, mainWorktree);
  if (head === after) {
    const { exitCode, stderr } = await git.run(mainWorktree, ['reset', '--keep', before], {
      acceptedExitCodes: [0, 1, 128],
    });
    if (exitCode !== 0) throw overwritesChanges(stderr);
    return;
  }
  const { exitCode } = await git.run(mainWorktree, ['merge-base', '--is-ancestor', after, head], {
    acceptedExitCodes: [0, 1],
  });
  if (exitCode !== 0)
    throw new CorralError('CONFLICT', l10n.t('The branch that you have checked out now does not have these commits.'));
  await revert(repository, `${before}..${after}`); // what the user committed since stays
}

/** True where the cherry-pick that waits in the checkout is the one with which this work was applied. */
async function isCherryPickWaiting(
  { git, mainWorktree, commonDirectory }: Repository,
  { base, commit, before }: AppliedChanges,
): Promise<boolean> {
  const picked = await git.text(mainWorktree, ['rev-parse', '--verify', '--quiet', 'CHERRY_PICK_HEAD'], {
    acceptedExitCodes: [0, 1],
  });
  if (picked === '') return false;
  const began = await readFile(join(commonDirectory, 'sequencer/head'), 'utf8').catch(() => '');
  return (
    began.trim() === before &&
    (await git.text(mainWorktree, ['rev-list', `${base}..${commit}`])).split('\n').includes(picked)
  );
}

async function revert(repository: Repository, revisions: string): Promise<void> {
  const conflicts = await runSequencer(repository, ['revert', '--no-commit', revisions]);
  // Otherwise git goes on saying that a revert is in progress.
  if (conflicts.length === 0) await repository.git.run(repository.mainWorktree, ['revert', '--quit']);
}

/**
 * Restores the files of the work from the index before: git applied it only where they had no other changes.
 *
 * @throws CONFLICT where one of them was changed since, or the conflicts are not those that applying left.
 */
async function restorePaths(repository: Repository, applied: AppliedChanges): Promise<void> {
  const { commit, base, index, after, conflicts = [] } = applied;
  const { git, mainWorktree } = repository;
  const changed = splitZ(
    (await git.run(mainWorktree, ['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit])).stdout,
  );
  const changedNames = new Set(changed.map(pathToText));
  const unmerged = await listConflicts(repository);
  if (
    (await requireHeadCommit(git, mainWorktree)) !== after ||
    !unmerged.every((name) => changedNames.has(name) && conflicts.includes(name))
  )
    throw unresolvedConflicts();
  const edited = splitZ(
    (await git.run(mainWorktree, ['diff', '--no-ext-diff', '-z', '--name-only', '--no-renames'])).stdout,
  ).map(pathToText);
  const lost = edited.find((name) => changedNames.has(name) && !unmerged.includes(name));
  if (lost !== undefined)
    throw new CorralError(
      'CONFLICT',
      l10n.t('You have changed {file} since. Resolve the conflicts first, or restore that file.', { file: lost }),
    );
  const known = new Set([
    ...splitZ((await git.run(mainWorktree, ['ls-files', '-z'])).stdout),
    ...splitZ((await git.run(mainWorktree, ['ls-tree', '-r', '-z', '--name-only', index])).stdout),
  ]);
  await git.run(
    mainWorktree,
    ['restore', `--source=${index}`, '--staged', '--worktree', '--pathspec-from-file=-', '--pathspec-file-nul'],
    {
      input: encodePaths(changed.filter((path) => known.has(path))),
      environment: { GIT_LITERAL_PATHSPECS: '1' },
    },
  );
}
