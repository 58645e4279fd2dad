/** What a snapshot of the files does not hold: commits that only this worktree knows, and what git cannot store. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findIgnoredFiles } from './ignoredFiles';
import { pathFromBytes, pathToText } from '../pathBytes';
import { isObjectId, type Repository } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';
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
export async function findUnreferencedCommits(
  { repository: { git }, path: worktreePath, signal }: WorktreeFolder,
  held: readonly string[],
): Promise<string[]> {
  const administrativeDirectory = await git.text(worktreePath, ['rev-parse', '--absolute-git-dir']);
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
  const input = `${[...commits, ...held.map((commit) => `^${commit}`)].join('\n')}\n`;
  const lines = (
    await git.text(
      worktreePath,
      ['rev-list', '--parents', '--stdin', '--not', '--branches', '--tags', '--remotes', '--glob=refs/stash'],
      { input, signal },
    )
  )
    .split('\n')
    .filter((line) => line !== '');
  const parents = new Set(lines.flatMap((line) => line.split(' ').slice(1)));
  return lines.map((line) => line.split(' ', 1)[0] ?? '').filter((commit) => !parents.has(commit));
}

/** What no snapshot can hold and would be lost with the folder, in words for people. Recorded, so not translated. */
export async function findUncapturable(folder: WorktreeFolder): Promise<string[]> {
  const { repository, path: worktreePath, signal } = folder;
  const { git } = repository;
  const found: string[] = [];
  const administrativeDirectory = await git.text(worktreePath, ['rev-parse', '--absolute-git-dir']);
  found.push(...(await findOperations(administrativeDirectory)));
  const { repositories, unreadable } = await walk(worktreePath, signal);
  found.push(...unreadable.map((path) => `${pathToText(path)}: cannot be read`));
  const staged = (await git.run(worktreePath, ['ls-files', '-z', '--stage'], { signal })).stdout
    .toString('latin1')
    .split('\0');
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
async function isPushedAndClean(
  { git }: Repository,
  folder: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    // Git itself fails here: the submodule's configuration names the path from which the worktree was moved.
    const gitDirectory = (await readLink(folder)) ?? join(folder, '.git');
    const options = { environment: { GIT_DIR: gitDirectory, GIT_WORK_TREE: folder }, signal };
    const unpushed = await git.text(
      folder,
      ['rev-list', '--max-count=1', 'HEAD', '--branches', '--tags', '--reflog', '--not', '--remotes'],
      options,
    );
    const changes = await git.text(
      folder,
      ['status', '--porcelain', '--ignore-submodules=none', '--untracked-files=all'],
      options,
    );
    return unpushed === '' && changes === '';
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
