import { realpath } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { CorralError } from '../../storage/errors';
import type { Git } from './git';

export interface Repository {
  readonly git: Git;
  /** The folder that was asked for; revisions such as HEAD are meant as seen from there. */
  readonly folder: string;
  /** Never a linked worktree. Absolute, without links. */
  readonly mainWorktree: string;
  /** Where refs, objects and the list of worktrees are; `<mainWorktree>/.git` nearly always. Absolute, without links. */
  readonly commonDirectory: string;
}

/** The commit that a worktree's HEAD is at; '' where nothing was committed yet. */
export async function headCommit(git: Git, worktreePath: string): Promise<string> {
  return await git.text(worktreePath, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], {
    acceptedExitCodes: [0, 1],
  });
}

/** As `headCommit`, where there has to be one. Throws NO_COMMIT. */
export async function requireHeadCommit(git: Git, worktreePath: string): Promise<string> {
  const commit = await headCommit(git, worktreePath);
  if (commit === '') throw new CorralError('NO_COMMIT', `Nothing was ever committed in ${worktreePath}.`);
  return commit;
}

/** Fixed, so that Corral's commits need no configured identity and are told apart from the user's. */
export const IDENTITY = { name: 'Corral', email: 'corral@localhost' } as const;

/** The variables that have git write as this person, as author and committer. */
export function identityEnvironment({ name, email }: { name: string; email: string }): Record<string, string> {
  return { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: email };
}

/** Between rev-parse's answers, which it repeats as it was given: a path may hold a newline, and rev-parse knows no other separator. */
const SEPARATOR = '--corral';

/**
 * The repository that a folder belongs to, whether it is a subfolder, a linked worktree or one of Corral's own worktrees.
 * Fails with NO_FOLDER, NO_REPOSITORY, BARE_REPOSITORY (no main worktree), NO_COMMIT (nothing was ever committed).
 */
export async function findRepository(git: Git, folder: string): Promise<Repository> {
  const { commonAnswer, gitAnswer, wayUp, head } = await askAll(git, folder);
  const [commonDirectory, gitDirectory, place] = await Promise.all([
    realpath(commonAnswer),
    realpath(gitAnswer),
    realpath(folder),
  ]);
  if (gitDirectory === commonDirectory && wayUp === undefined) throw noMainWorktree(commonDirectory);
  const isLinked = gitDirectory !== commonDirectory;
  const mainWorktree = await realpath(
    isLinked ? await findMainWorktree(git, commonDirectory) : resolve(place, wayUp ?? ''),
  );
  // Found by name: believed only if it leads back. The folder that was asked for has said already where it leads.
  if ((isLinked || mainWorktree !== place) && !(await leadsTo(git, mainWorktree, commonDirectory)))
    throw noMainWorktree(commonDirectory);
  const anyCommit = head === '' ? await git.text(folder, ['rev-list', '--max-count=1', '--all']) : head;
  if (anyCommit === '')
    throw new CorralError(
      'NO_COMMIT',
      'This repository has no commit yet. Make a first commit, so that agents have something to start from',
    );
  return { git, folder, mainWorktree, commonDirectory };
}

interface Answers {
  commonAnswer: string;
  gitAnswer: string;
  /** From the folder to the top of its worktree; undefined where it is in none. */
  wayUp: string | undefined;
  /** '' where HEAD is no commit. */
  head: string;
}

/** All that a folder can tell of its repository, by one process. */
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
  const { stdout } = await git.run(folder, ['rev-parse', ...paths, '--revs-only', 'HEAD^{commit}']);
  const answers = stdout.toString('utf8').split(`\n${SEPARATOR}\n`);
  const [commonAnswer = '', gitAnswer = ''] = answers;
  // Outside of any worktree there is no answer at all in the third place, not even an empty line.
  const [wayUp, head = ''] = answers.length === 4 ? answers.slice(2) : [undefined, answers[2]?.slice(SEPARATOR.length)];
  return { commonAnswer, gitAnswer, wayUp, head: head.trim() };
}

async function leadsTo(git: Git, folder: string, gitDirectory: string): Promise<boolean> {
  return await git.text(folder, ['rev-parse', '--absolute-git-dir']).then(
    async (path) => (await realpath(path)) === gitDirectory,
    () => false,
  );
}

async function findMainWorktree(git: Git, commonDirectory: string): Promise<string> {
  const setting = async (type: string, key: string): Promise<string> =>
    git.text(commonDirectory, ['config', '--local', `--type=${type}`, '--get', key], {
      environment: { GIT_DIR: commonDirectory },
      acceptedExitCodes: [0, 1],
    });
  if ((await setting('bool', 'core.bare')) === 'true')
    throw new CorralError('BARE_REPOSITORY', 'The repository of this worktree is bare: it has no main worktree');
  const configured = await setting('path', 'core.worktree'); // a submodule's
  if (configured !== '') return resolve(commonDirectory, configured);
  // A git folder that lies apart from its files does not know where they are.
  if (basename(commonDirectory) !== '.git') throw noMainWorktree(commonDirectory);
  return dirname(commonDirectory);
}

function noMainWorktree(commonDirectory: string): CorralError {
  return new CorralError(
    'BARE_REPOSITORY',
    `The main worktree of ${commonDirectory} was not found. Open the folder that it is checked out in`,
  );
}

/** The object id of the commit that a person's words name. BASE_NOT_FOUND where there is none. Only ids go on from here. */
export async function resolveCommit(repository: Repository, revision: string): Promise<string> {
  const commit = await repository.git.text(
    repository.folder,
    ['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`],
    {
      acceptedExitCodes: [0, 1, 128],
    },
  );
  if (revision === '' || !isObjectId(commit))
    throw new CorralError('BASE_NOT_FOUND', `There is no commit "${revision}" in ${repository.mainWorktree}`);
  return commit;
}

/** True for a whole object id, SHA-1 or SHA-256. Whatever is read from a file or a message and goes on to git passes this first. */
export function isObjectId(value: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(value);
}

/** Makes `folder` a repository where it is none, and gives it an empty first commit where it has none. Files stay as they are. */
export async function initializeRepository(git: Git, folder: string): Promise<Repository> {
  const state = await findRepository(git, folder).catch((error: unknown) => {
    if (error instanceof CorralError && (error.code === 'NO_REPOSITORY' || error.code === 'NO_COMMIT'))
      return error.code;
    throw error;
  });
  if (typeof state === 'object') return state;
  if (state === 'NO_REPOSITORY') await git.run(folder, ['init', '--quiet']);
  const tree = await git.text(folder, ['hash-object', '-t', 'tree', '-w', '--stdin'], { input: '' });
  const [name, email] = await Promise.all(
    ['user.name', 'user.email'].map(async (key) =>
      git.text(folder, ['config', '--get', key], { acceptedExitCodes: [0, 1] }),
    ),
  );
  // The user's own history: theirs where they have said who they are.
  const person = name !== undefined && name !== '' && email !== undefined && email !== '' ? { name, email } : IDENTITY;
  const commit = await git.text(folder, ['commit-tree', '-m', 'Initial commit', tree], {
    environment: identityEnvironment(person),
  });
  await git.run(folder, ['update-ref', '-m', 'Initial commit', 'HEAD', commit, '0'.repeat(commit.length)]);
  return findRepository(git, folder);
}
