/** What a snapshot of the files does not hold: commits that only this worktree knows, and what git cannot store. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findIgnoredFiles } from './ignoredFiles';
import { gitDirectoryOf } from '../gitDirectory';
import { withIsolatedGit, withIsolatedPlace, withObjects } from '../isolated/isolatedGit';
import { pathFromBytes, pathToText, splitZ } from '../pathBytes';
import { isObjectId, LASTING_REFS, readRefs, type Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
import { listUncommittedFiles } from './uncommittedFiles';
import { exists, readLink } from '../worktreeOwnership';

const MAX_IGNORED_NAMED = 20;
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

/** What no snapshot can hold and would be lost with the folder, in words for people. Recorded, so not translated. */
export async function findUncapturable(folder: WorktreeFolder): Promise<string[]> {
  const { repository, path: worktreePath, signal } = folder;
  const found: string[] = [];
  found.push(...(await findOperations((await gitDirectoryOf(worktreePath)) ?? repository.commonDirectory)));
  const { repositories, unreadable } = await walk(worktreePath, signal);
  found.push(...unreadable.map((path) => `${pathToText(path)}: cannot be read`));
  const staged = await withIsolatedGit(folder, async (git) =>
    splitZ((await git.run(['ls-files', '-z', '--stage'])).stdout),
  );
  const submodules = new Set(
    staged.filter((line) => line.startsWith('160000 ')).map((line) => line.slice(line.indexOf('\t') + 1)),
  );
  for (const path of repositories) {
    if (!submodules.has(path)) found.push(`${pathToText(path)}: a repository of its own`);
    else if (!(await isPushedAndClean(repository, join(worktreePath, pathToText(path)), signal)))
      found.push(`${pathToText(path)}: a submodule with work that is nowhere else`);
  }
  const { work } = await findIgnoredFiles(folder);
  found.push(...work.slice(0, MAX_IGNORED_NAMED).map((path) => `${pathToText(path)}: ignored by git`));
  if (work.length > MAX_IGNORED_NAMED)
    found.push(`${String(work.length - MAX_IGNORED_NAMED)} more files that git ignores`);
  return found;
}

/** The operations that git is in the middle of in the worktree with this administrative directory, in words. */
export async function findOperations(administrativeDirectory: string): Promise<string[]> {
  const found: string[] = [];
  for (const [file, name] of OPERATIONS) {
    if (await exists(join(administrativeDirectory, file))) found.push(name);
  }
  return found;
}

/** A check that cannot run counts as work that would be lost. */
async function isPushedAndClean({ git }: Repository, path: string, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    const gitDirectory = (await readLink(path)) ?? join(path, '.git');
    // The submodule's configuration names the path from which the worktree was moved.
    const options = { environment: { GIT_DIR: gitDirectory, GIT_WORK_TREE: path }, signal };
    const list = async (...command: string[]): Promise<string[]> =>
      (await git.text(path, command, options)).split('\n').filter((line) => line !== '');
    const [head = ''] = await list('rev-parse', '--verify', 'HEAD^{commit}');
    const reflogs = await list('log', '--walk-reflogs', '--all', '--no-show-signature', '--format=%H');
    const own = await list('for-each-ref', '--format=%(objectname)', 'refs/heads', 'refs/tags');
    const pushed = await list('for-each-ref', '--format=%(objectname)', 'refs/remotes');
    const input = [head, ...reflogs, ...own, ...pushed.map((id) => `^${id}`), ''].join('\n');
    const place = { git, path, gitDirectory, commonDirectory: gitDirectory, head, signal };
    return await withIsolatedPlace(place, async (isolated) => {
      const unpushed = await isolated.text(['rev-list', '--max-count=1', '--stdin'], { input });
      const { changed, untracked } = await listUncommittedFiles(isolated, head);
      return unpushed === '' && changed.length + untracked.length === 0;
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return false;
  }
}

/** Looks into every folder below the worktree, ignored ones too. Follows no link and opens no file. */
async function walk(
  worktreePath: string,
  signal: AbortSignal | undefined,
): Promise<{ repositories: string[]; unreadable: string[] }> {
  const repositories: string[] = [];
  const unreadable: string[] = [];
  const folders = [''];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    signal?.throwIfAborted();
    const entries = await readdir(pathFromBytes(worktreePath, folder), {
      withFileTypes: true,
      encoding: 'buffer',
    }).catch(() => undefined);
    if (entries === undefined) {
      unreadable.push(folder);
      continue;
    }
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const entry of entries) {
      const name = entry.name.toString('latin1');
      if (name === '.git') {
        if (folder !== '') repositories.push(folder);
      } else if (entry.isDirectory()) {
        folders.push(prefix + name);
      }
    }
  }
  return { repositories, unreadable };
}
