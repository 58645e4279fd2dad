/** The user's checkout, to which a session's work is applied. Nothing is forced where git refuses. */
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { pathToText, splitZ } from '../pathBytes';
import { lockedError } from '../gitErrors';
import { commonDirectoryOf, gitDirectoryOf } from '../gitDirectory';
import type { Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import type { FilterOptions } from '../filters/filterGit';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { findOperations } from '../snapshots/uncapturedWork';
import { exists } from '../worktreeOwnership';

/** The main worktree or a linked one of the user's. */
export interface Checkout extends WorktreeFolder {
  /** Holds its HEAD, its index, and what says that git is in the middle of something there. */
  gitDirectory: string;
}

/**
 * The checkout of the repository at this path.
 *
 * @throws CHECKOUT_MISSING where there is none.
 */
export async function findCheckout(repository: Repository, path: string): Promise<Checkout> {
  const gitDirectory = await gitDirectoryOf(path);
  if (gitDirectory === undefined || (await commonDirectoryOf(gitDirectory)) !== repository.commonDirectory)
    throw new CorralError(
      'CHECKOUT_MISSING',
      l10n.t('The checkout from which this session was started is gone: {path}', { path }),
    );
  return { repository, path: await realpath(path), gitDirectory };
}

/** The checkout's index as a tree. */
export async function readIndexTree(checkout: Checkout): Promise<string> {
  return await withIsolatedGit(checkout, async (git) => await git.text(['write-tree', '--missing-ok']));
}

/** The files in conflict, as people read them. */
export async function listConflicts({ repository: { git }, path }: Checkout): Promise<string[]> {
  const unmerged = splitZ((await git.run(path, ['ls-files', '-z', '--unmerged'])).stdout);
  return [...new Set(unmerged.map((line) => pathToText(line.slice(line.indexOf('\t') + 1))))];
}

/**
 * Another command of git's may end an operation, and with it what the user has resolved.
 *
 * @throws CONFLICT where git is in the middle of a merge, a rebase or the like.
 */
export async function refuseOperation({ gitDirectory }: Checkout): Promise<void> {
  const [operation] = await findOperations(gitDirectory);
  // Between two commits of a cherry-pick or a revert there is only this file.
  if (operation === undefined && !(await exists(join(gitDirectory, 'sequencer')))) return;
  throw new CorralError(
    'CONFLICT',
    operation === undefined
      ? l10n.t('There is a cherry-pick or a revert in progress in your checkout. Finish or abort it first.')
      : l10n.t('There is {operation} in your checkout. Finish or abort it first.', { operation }),
  );
}

/** @throws CONFLICT where git is in the middle of something, or files are in conflict. */
export async function requireIdle(checkout: Checkout): Promise<void> {
  await refuseOperation(checkout);
  if ((await listConflicts(checkout)).length > 0) throw unresolvedConflicts();
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
export async function runSequencer(
  checkout: Checkout,
  command: readonly string[],
  filterOptions: FilterOptions,
): Promise<string[]> {
  const { git } = checkout.repository;
  return await git.whileLocked(async () => {
    await requireIdle(checkout);
    // With the lock held, git would begin all the same, and what it left could not be taken back.
    const lock = join(checkout.gitDirectory, 'index.lock');
    if (await exists(lock)) throw lockedError(lock);
    const { exitCode, stderr } = await git
      .runOnce(checkout.path, command, { ...filterOptions, acceptedExitCodes: [0, 1, 128] })
      .catch(async (error: unknown) => {
        await abortSequencer(checkout, command, filterOptions).catch(() => undefined); // the first error says why
        throw error;
      });
    const conflicts = await listConflicts(checkout);
    if (exitCode === 0 || conflicts.length > 0) return conflicts;
    await abortSequencer(checkout, command, filterOptions);
    throw overwritesChanges(stderr);
  });
}

/** Takes back those of the commits that are applied already. */
async function abortSequencer(
  checkout: Checkout,
  [command = '']: readonly string[],
  filterOptions: FilterOptions,
): Promise<void> {
  if (!(await exists(join(checkout.gitDirectory, 'sequencer')))) return;
  const { git } = checkout.repository;
  await git.run(checkout.path, [command, '--abort'], { ...filterOptions, acceptedExitCodes: [0, 1, 128] });
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
