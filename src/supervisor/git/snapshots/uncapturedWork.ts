/** What a snapshot of the files does not hold: commits that only this worktree knows, and what git cannot store. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gitDirectoryOf } from '../gitDirectory';
import { withObjects } from '../isolated/isolatedGit';
import { isObjectId, LASTING_REFS, readRefs } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import { exists } from '../worktreeOwnership';

const ROOT_REFS = [
  'ORIG_HEAD',
  'MERGE_HEAD',
  'CHERRY_PICK_HEAD',
  'REVERT_HEAD',
  'REBASE_HEAD',
  'BISECT_HEAD',
  'MERGE_AUTOSTASH',
  'FETCH_HEAD',
];
const WORKTREE_REFS = ['refs/bisect', 'refs/worktree', 'refs/rewritten'];
const STATE_FILES = [
  'MERGE_HEAD',
  'FETCH_HEAD',
  'rebase-merge/autostash',
  'rebase-merge/orig-head',
  'rebase-merge/stopped-sha',
  'rebase-apply/autostash',
  'rebase-apply/orig-head',
];
const OPERATIONS: readonly [file: string, name: string][] = [
  ['MERGE_HEAD', 'a merge in progress'],
  ['rebase-merge', 'a rebase in progress'],
  ['rebase-apply', 'a rebase in progress'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick in progress'],
  ['REVERT_HEAD', 'a revert in progress'],
  ['BISECT_LOG', 'a bisection in progress'],
];

/**
 * Finds commits that the worktree's reflog, ORIG_HEAD, MERGE_HEAD and the like name, and that no branch, tag, remote or
 * `held` reaches. Answers with their tips.
 */
export async function findUnreferencedCommits(folder: WorktreeFolder, held: readonly string[]): Promise<string[]> {
  const { repository, path: worktreePath, signal } = folder;
  const { git } = repository;
  const administrativeDirectory = (await gitDirectoryOf(worktreePath)) ?? repository.commonDirectory;
  const names = new Set(ROOT_REFS);
  const reflog = await git.text(
    worktreePath,
    ['log', '--walk-reflogs', '--no-show-signature', '--format=%H', 'HEAD', '--'],
    {
      acceptedExitCodes: [0, 128],
      signal,
    },
  );
  for (const line of reflog.split('\n')) names.add(line);
  const references = await git.text(worktreePath, ['for-each-ref', '--format=%(objectname)', ...WORKTREE_REFS], {
    signal,
  });
  for (const line of references.split('\n')) names.add(line);
  // The reflog's file, too: one lost object ends the walk above, and its first line names where HEAD came from.
  for (const file of [...STATE_FILES, 'logs/HEAD']) {
    const content = await readFile(join(administrativeDirectory, file), 'latin1').catch(() => '');
    for (const line of content.split('\n'))
      line
        .split(/[ \t]/, 2)
        .filter(isObjectId)
        .forEach((objectId) => names.add(objectId));
  }
  names.delete('');
  const checked = await git.text(worktreePath, ['cat-file', '--batch-check=%(objectname) %(objecttype)'], {
    input: [...names].map((name) => `${name}^{commit}\n`).join(''),
    signal,
  });
  const commits = checked.split('\n').flatMap((line) => /^(\S+) commit$/.exec(line)?.[1] ?? []);
  if (commits.length === 0) return [];
  const refs = await readRefs(git, worktreePath, ...LASTING_REFS, 'refs/stash');
  const input = [...commits, ...[...held, ...refs].map((id) => `^${id}`), ''].join('\n');
  const listed = await withObjects(
    repository,
    async (isolated) => await isolated.text(['rev-list', '--parents', '--ignore-missing', '--stdin'], { input }),
    { signal },
  );
  const lines = listed.split('\n').filter((line) => line !== '');
  const parents = new Set(lines.flatMap((line) => line.split(' ').slice(1)));
  return lines.map((line) => line.split(' ', 1)[0] ?? '').filter((commit) => !parents.has(commit));
}

/** The operations that git is in the middle of in the worktree with this administrative directory, in words. */
export async function findOperations(administrativeDirectory: string): Promise<string[]> {
  const found: string[] = [];
  for (const [file, name] of OPERATIONS) {
    if (await exists(join(administrativeDirectory, file))) found.push(name);
  }
  return found;
}
