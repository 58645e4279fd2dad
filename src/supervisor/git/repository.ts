import { realpath } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isInside } from '../../common/isInside';
import { CorralError } from '../../storage/errors';
import type { Git } from './git';
import { enclosingCheckout } from './gitDirectory';
import { explainHiddenFiles, findCheckouts } from './mainWorktree';

export interface Repository {
  readonly git: Git;
  /** The folder that was asked for. Revisions such as HEAD are resolved in it. */
  readonly folder: string;
  /** A linked worktree only where the repository has no other. Absolute, without links. */
  readonly mainWorktree: string;
  /** False where a linked worktree stands for it. */
  readonly hasMainWorktree: boolean;
  /** The worktree around `folder`, to which work is applied; the main one where a session has that worktree. */
  readonly checkout: string;
  /** From the top of its worktree to `folder`, with `/`; '' where it is the top. */
  readonly subfolder: string;
  /** Holds refs, objects and the list of worktrees; nearly always `<mainWorktree>/.git`. Absolute, without links. */
  readonly commonDirectory: string;
}

/** The id of the commit that HEAD names; '' where nothing was committed yet. */
export async function headCommit(git: Git, worktreePath: string): Promise<string> {
  return await git.text(worktreePath, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], {
    acceptedExitCodes: [0, 1],
  });
}

/**
 * As `headCommit`, where there has to be one.
 * @throws NO_COMMIT
 */
export async function requireHeadCommit(git: Git, worktreePath: string): Promise<string> {
  const commit = await headCommit(git, worktreePath);
  if (commit === '')
    throw new CorralError('NO_COMMIT', l10n.t('Nothing was ever committed in {folder}.', { folder: worktreePath }));
  return commit;
}

/** The top of the worktree around the folder that was asked for. */
export async function worktreeAround({ folder, mainWorktree }: Repository): Promise<string> {
  return (await enclosingCheckout(await realpath(folder)))?.checkout ?? mainWorktree;
}

/** The ids of what these refs point to, such as `refs/heads`. All where no pattern is given. */
export async function readRefs(git: Git, folder: string, ...patterns: string[]): Promise<string[]> {
  const listed = await git.text(folder, ['for-each-ref', '--format=%(objectname)', ...patterns]);
  return [...new Set(listed.split('\n'))].filter((id) => id !== '');
}

/** Refs that a push or a person keeps; commits that they reach are not lost with a worktree. */
export const LASTING_REFS = ['refs/heads', 'refs/tags', 'refs/remotes'] as const;

/** Corral's commits need no configured identity, and differ from the user's. */
export const IDENTITY = { name: 'Corral', email: 'corral@localhost' } as const;

/** The variables that make this person the author and committer. */
export function identityEnvironment({ name, email }: { name: string; email: string }): Record<string, string> {
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

/** The variables that make the user the author and committer, as git knows the user in this repository. */
export async function readIdentity({ git, mainWorktree }: Repository): Promise<Record<string, string>> {
  const read = async (role: string): Promise<[string, string][]> => {
    const found = /^(.*) <(.*)> \d+ [+-]\d+$/.exec(await git.text(mainWorktree, ['var', `GIT_${role}_IDENT`]));
    return [
      [`GIT_${role}_NAME`, found?.[1] ?? ''],
      [`GIT_${role}_EMAIL`, found?.[2] ?? ''],
    ];
  };
  return Object.fromEntries((await Promise.all(['AUTHOR', 'COMMITTER'].map(read))).flat());
}

/** Rev-parse repeats this word between its answers. A newline would not do, as a path may hold one. */
const SEPARATOR = '--corral';

/**
 * The repository that a folder belongs to, also where that is a subfolder or a linked worktree.
 *
 * @throws NO_FOLDER, NO_REPOSITORY
 * @throws BARE_REPOSITORY where its files are checked out nowhere
 * @throws REPOSITORY_SETTING where a setting keeps git from finding them
 * @throws NO_COMMIT where nothing was ever committed
 */
export async function findRepository(git: Git, folder: string): Promise<Repository> {
  const { commonAnswer, gitAnswer, wayUp, head } = await askAll(git, folder).catch(async (error: unknown) => {
    // Git cannot even start in a repository whose files are said to be in a folder that is not there.
    if (error instanceof CorralError && error.code === 'GIT_FAILED') await explainHiddenFiles(git, folder);
    throw error;
  });
  const [commonDirectory, gitDirectory, place] = await Promise.all([
    realpath(commonAnswer),
    realpath(gitAnswer),
    realpath(folder),
  ]);
  // Not by `rev-list --all`, which fails at a worktree that another process has begun to make.
  const anyObject =
    head === '' ? await git.text(folder, ['for-each-ref', '--count=1', '--format=%(objectname)']) : head;
  if (anyObject === '')
    throw new CorralError(
      'NO_COMMIT',
      l10n.t('This repository has no commit yet. Make a first commit, so that agents have something to start from.'),
    );
  // In a linked worktree git obeys its own `core.worktree`, but its link says whose files these are.
  const top =
    gitDirectory !== commonDirectory
      ? (await enclosingCheckout(place))?.checkout
      : wayUp === undefined
        ? undefined
        : await realpath(resolve(place, wayUp)).catch(() => undefined);
  const found = await findCheckouts(git, { commonDirectory, gitDirectory, folder: place, top });
  // Of a bare repository, HEAD and uncommitted changes are those of the checkout that stands for it.
  const isInCheckout = top !== undefined && isInside(place, top);
  return {
    git,
    folder: isInCheckout ? folder : found.mainWorktree,
    ...found,
    subfolder: isInCheckout ? relative(top, place).split(sep).join('/') : '',
    commonDirectory,
  };
}

interface Answers {
  commonAnswer: string;
  gitAnswer: string;
  /** From the folder to the top of its worktree; undefined where it is in none. */
  wayUp: string | undefined;
  /** '' where HEAD is no commit. */
  head: string;
}

/** Asks git for all of it in one process. */
async function askAll(git: Git, folder: string): Promise<Answers> {
  const paths = [
    '--path-format=absolute',
    '--git-common-dir',
    SEPARATOR,
    '--absolute-git-dir',
    SEPARATOR,
    '--show-cdup',
    SEPARATOR,
  ];
  const { stdout } = await git.run(folder, ['rev-parse', ...paths, '--revs-only', 'HEAD^{commit}'], {
    findsWorktree: true,
  });
  const answers = stdout.toString('utf8').split(`\n${SEPARATOR}\n`);
  const [commonAnswer = '', gitAnswer = ''] = answers;
  // Outside of any worktree the third answer is missing, not empty.
  const [wayUp, head = ''] = answers.length === 4 ? answers.slice(2) : [undefined, answers[2]?.slice(SEPARATOR.length)];
  return { commonAnswer, gitAnswer, wayUp, head: head.trim() };
}

/**
 * The object id of the commit that a person named. Only such ids are handed to further commands.
 * @throws BASE_NOT_FOUND
 */
export async function resolveCommit(repository: Repository, revision: string): Promise<string> {
  const commit = await repository.git.text(
    repository.folder,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    {
      acceptedExitCodes: [0, 1, 128],
    },
  );
  if (revision === '' || !isObjectId(commit))
    throw new CorralError(
      'BASE_NOT_FOUND',
      l10n.t('There is no commit “{revision}” in {folder}.', { revision, folder: repository.mainWorktree }),
    );
  return commit;
}

/** True for a whole object id, SHA-1 or SHA-256. Ids from files and messages are checked by it before git gets them. */
export function isObjectId(value: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

/** Makes `folder` a repository with an empty first commit, where it lacks either. Files stay as they are. */
export async function initializeRepository(git: Git, folder: string): Promise<Repository> {
  const state = await findRepository(git, folder).catch((error: unknown) => {
    if (error instanceof CorralError && (error.code === 'NO_REPOSITORY' || error.code === 'NO_COMMIT'))
      return error.code;
    throw error;
  });
  if (typeof state === 'object') return state;
  if (state === 'NO_REPOSITORY') await git.run(folder, ['init', '--quiet'], { findsWorktree: true });
  const tree = await git.text(folder, ['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' });
  const [name, email] = await Promise.all(
    ['user.name', 'user.email'].map(async (key) =>
      git.text(folder, ['config', '--get', key], { acceptedExitCodes: [0, 1] }),
    ),
  );
  // This commit belongs to the user, so it bears the user's name where git knows it.
  const person = name !== undefined && name !== '' && email !== undefined && email !== '' ? { name, email } : IDENTITY;
  const commit = await git.text(folder, ['commit-tree', '-m', 'Initial commit', tree], {
    environment: identityEnvironment(person),
  });
  await git.run(folder, ['update-ref', '-m', 'Initial commit', 'HEAD', commit, '0'.repeat(commit.length)]);
  return findRepository(git, folder);
}
