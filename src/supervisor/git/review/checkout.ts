/** The user's checkout, to which a session's work is applied. Nothing is forced where git refuses. */
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { pathToText, splitZ } from '../pathBytes';
import type { Repository } from '../repository';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { findOperations } from '../snapshots/uncapturedWork';
import { exists } from '../worktreeOwnership';

/** The checkout's index as a tree. */
export async function readIndexTree(repository: Repository): Promise<string> {
  return await withIsolatedGit(
    { repository, path: repository.mainWorktree },
    async (git) => await git.text(['write-tree', '--missing-ok']),
  );
}

/** The files in conflict, as people read them. */
export async function listConflicts({ git, mainWorktree }: Repository): Promise<string[]> {
  const unmerged = splitZ((await git.run(mainWorktree, ['ls-files', '-z', '--unmerged'])).stdout);
  return [...new Set(unmerged.map((line) => pathToText(line.slice(line.indexOf('\t') + 1))))];
}

/**
 * Another command of git's may end an operation, and with it what the user has resolved.
 *
 * @throws CONFLICT where git is in the middle of a merge, a rebase or the like.
 */
export async function refuseOperation({ commonDirectory }: Repository): Promise<void> {
  const [operation] = await findOperations(commonDirectory);
  // Between two commits of a cherry-pick or a revert there is only this file.
  if (operation === undefined && !(await exists(join(commonDirectory, 'sequencer')))) return;
  throw new CorralError(
    'CONFLICT',
    operation === undefined
      ? l10n.t('There is a cherry-pick or a revert in progress in your checkout. Finish or abort it first.')
      : l10n.t('There is {operation} in your checkout. Finish or abort it first.', { operation }),
  );
}

/** @throws CONFLICT where git is in the middle of something, or files are in conflict. */
export async function requireIdle(repository: Repository): Promise<void> {
  await refuseOperation(repository);
  if ((await listConflicts(repository)).length > 0) throw unresolvedConflicts();
}

export function unresolvedConflicts(): CorralError {
  return new CorralError(
    'CONFLICT',
    l10n.t('There are conflicts in your checkout that do not come from applying this session. Resolve them first.'),
  );
}

/**
 * Runs a `cherry-pick` or a `revert`, and answers with the files that it left in conflict.
 *
 * @throws CONFLICT, with nothing changed, where git would overwrite the user's changes.
 */
export async function runSequencer(repository: Repository, command: readonly string[]): Promise<string[]> {
  await requireIdle(repository);
  const { exitCode, stderr } = await repository.git.run(repository.mainWorktree, command, {
    acceptedExitCodes: [0, 1, 128],
  });
  const conflicts = await listConflicts(repository);
  if (exitCode === 0 || conflicts.length > 0) return conflicts;
  // Some of the commits may be applied already.
  if (await exists(join(repository.commonDirectory, 'sequencer')))
    await repository.git.run(repository.mainWorktree, [command[0] ?? '', '--abort'], {
      acceptedExitCodes: [0, 1, 128],
    });
  throw overwritesChanges(stderr);
}

/** Git's refusal as an error for people. */
export function overwritesChanges(stderr: string): CorralError {
  const reason = stderr.split('\n').find((line) => /^(error|fatal):/.test(line)) ?? stderr;
  return new CorralError(
    'CONFLICT',
    l10n.t('Git would overwrite your changes, so nothing was changed. Commit or stash them first ({reason}).', {
      reason: reason.trim(),
    }),
  );
}
