import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { KeptFile } from '../filters/keptFiles';
import type { Git } from '../git';
import { gitDirectoryOf } from '../gitDirectory';
import { withObjects, type IsolatedGit } from '../isolated/isolatedGit';
import { IDENTITY, isObjectId, type Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';

/**
 * A commit of the session's ref, `refs/corral/<sessionId>`: a chain of snapshots that begins at the base commit. The
 * trailers in the last paragraph of its message tell what is needed to restore it.
 */
export interface SnapshotCommit {
  commit: string;
  tree: string;
  /** False for the base commit, to which the ref points until the first snapshot. */
  isSnapshot: boolean;
  /** The commit of the worktree's HEAD at that time; undefined where it had none. */
  head: string | undefined;
  /** The branch that was checked out, in full (`refs/heads/…`). */
  branch: string | undefined;
  /** A commit whose tree is the user's index. */
  index: string | undefined;
  /** A commit whose tree has the bytes of the regular files as they are on disk. Only a complete snapshot has one. */
  raw: string | undefined;
  /** A commit whose tree records what the other trees cannot hold. Only a complete snapshot has one. */
  attributes: string | undefined;
  /** A commit that names the files that are kept outside of git, since filters would change them. */
  filtered: string | undefined;
}

/** A snapshot that was taken just now. */
export interface Snapshot {
  commit: string;
  tree: string;
  /** False where the files and HEAD are as in the snapshot before, whose ids these are then. */
  changed: boolean;
  /** Paths that git could not store: nested repositories, files that cannot be read. */
  notCaptured: string[];
  /** Files that are kept outside of git, since filters would change them. */
  filtered: readonly KeptFile[];
}

/** All but the tree. */
export interface SnapshotCommitContent {
  /** Without duplicates. */
  parents: readonly string[];
  message: string;
  head?: string | undefined;
  branch?: string | undefined;
  index?: string | undefined;
  raw?: string | undefined;
  attributes?: string | undefined;
  filtered?: string | undefined;
  /** Default true. False for a commit that only carries a tree, so that the same tree is always the same commit. */
  isDated?: boolean;
}

const SIGNATURE = `${IDENTITY.name} <${IDENTITY.email}>`;
const MAX_MESSAGE_CHARACTERS = 4000;

export function snapshotRefName(sessionId: string): string {
  return `refs/corral/${sessionId}`;
}

/** The ref here that has what came last from a host, also where the session's own ref could not move to it. */
export function hostRefName(hostName: string, sessionId: string): string {
  // Dots of a host's name are not allowed everywhere in a ref.
  return `refs/corral-host/${hostName.replaceAll('.', '%2E')}/${sessionId}`;
}

/** The commit of the session's ref; undefined where there is no such ref. */
export async function readSnapshotRef(repository: Repository, sessionId: string): Promise<SnapshotCommit | undefined> {
  const { git, mainWorktree } = repository;
  const commit = await git.text(
    mainWorktree,
    ['rev-parse', '--verify', '--quiet', `${snapshotRefName(sessionId)}^{commit}`],
    {
      acceptedExitCodes: [0, 1],
    },
  );
  return commit === '' ? undefined : await readSnapshot(repository, commit);
}

/** The commits of the session's ref and of the worktree's HEAD, by one git process. Undefined where there is none. */
export async function readSnapshotRefAndHead({
  repository,
  path,
  sessionId,
}: SessionWorktree): Promise<{ lastSnapshot: SnapshotCommit | undefined; head: string | undefined }> {
  const [lastSnapshot, head] = await readCommits(repository.git, path, [snapshotRefName(sessionId), 'HEAD']);
  return {
    lastSnapshot: lastSnapshot === undefined ? undefined : parseSnapshot(lastSnapshot.objectId, lastSnapshot.content),
    head: head?.objectId,
  };
}

/** The branch that is checked out, in full (`refs/heads/…`); undefined where none is. */
export async function readBranch({ repository, path, signal }: SessionWorktree): Promise<string | undefined> {
  const gitDirectory = await gitDirectoryOf(path);
  const text = gitDirectory === undefined ? '' : await readFile(join(gitDirectory, 'HEAD'), 'utf8').catch(() => '');
  if (isObjectId(text.trim())) return undefined;
  const branch = /^ref: (refs\/heads\/[!-~]+)\n$/.exec(text)?.[1];
  // Other ways to store refs leave a name there that no branch can have.
  if (branch !== undefined && branch !== 'refs/heads/.invalid') return branch;
  const options = { acceptedExitCodes: [0, 1], signal };
  const found = await repository.git.text(path, ['symbolic-ref', '--quiet', 'HEAD'], options);
  return found === '' ? undefined : found;
}

/** The commits of these revisions as seen from a folder, read by one git process. Undefined for one that names none. */
async function readCommits(
  git: Git,
  folder: string,
  revisions: readonly string[],
): Promise<({ objectId: string; content: string } | undefined)[]> {
  const { stdout } = await git.run(folder, ['cat-file', '--batch'], {
    input: revisions.map((revision) => `${revision}^{commit}\n`).join(''),
  });
  const found: ({ objectId: string; content: string } | undefined)[] = [];
  for (let offset = 0; offset < stdout.length && found.length < revisions.length;) {
    const lineEnd = stdout.indexOf('\n', offset);
    const [objectId = '', type, bytes] = stdout.subarray(offset, lineEnd).toString('latin1').split(' ');
    offset = lineEnd + 1;
    if (type !== 'commit') {
      found.push(undefined);
      continue;
    }
    found.push({ objectId, content: stdout.subarray(offset, offset + Number(bytes)).toString('utf8') });
    offset += Number(bytes) + 1;
  }
  return found;
}

/**
 * The commit of a revision that a person wrote. Only its id is passed on to git from here.
 *
 * @throws BASE_NOT_FOUND where it names no commit.
 */
export async function readRevision(
  { git, folder, mainWorktree }: Repository,
  revision: string,
): Promise<SnapshotCommit> {
  const [commit] = /^$|[\0\n]/.test(revision) ? [] : await readCommits(git, folder, [revision]);
  if (commit === undefined || !isObjectId(commit.objectId))
    throw new CorralError(
      'BASE_NOT_FOUND',
      l10n.t('There is no commit “{revision}” in {repository}.', { revision, repository: mainWorktree }),
    );
  return parseSnapshot(commit.objectId, commit.content);
}

/** Reads a commit; `isSnapshot` is false where it is none of ours. */
export async function readSnapshot(repository: Repository, commit: string): Promise<SnapshotCommit> {
  return await withObjects(repository, async (git) =>
    parseSnapshot(commit, await git.text(['cat-file', 'commit', commit])),
  );
}

function parseSnapshot(commit: string, content: string): SnapshotCommit {
  const headerEnd = content.indexOf('\n\n');
  const header = content.slice(0, headerEnd);
  const tree = /^tree ([0-9a-f]+)$/m.exec(header)?.[1];
  if (tree === undefined)
    throw new CorralError('GIT_FAILED', l10n.t('The commit {commit} cannot be read.', { commit }));
  const trailers = content.trimEnd().split('\n\n').at(-1)?.split('\n') ?? [];
  // The committer alone does not tell: Corral also makes the first commit of a new repository.
  const isSnapshot =
    header.includes(`\ncommitter ${SIGNATURE} `) && trailers.some((line) => line.startsWith('Corral-Version: '));
  const trailer = (name: string): string | undefined =>
    isSnapshot
      ? trailers.find((line) => line.startsWith(`Corral-${name}: `))?.slice(`Corral-${name}: `.length)
      : undefined;
  const objectId = (name: string): string | undefined =>
    [trailer(name)].find((value) => value !== undefined && isObjectId(value));
  return {
    commit,
    tree,
    isSnapshot,
    head: isSnapshot ? objectId('Head') : commit,
    branch: trailer('Branch'),
    index: objectId('Index'),
    raw: objectId('Raw'),
    attributes: objectId('Attributes'),
    filtered: objectId('Filtered'),
  };
}

/** Writes a snapshot's commit. Not by `commit-tree`, since there may be more parents than a command line can hold. */
export async function writeCommit(
  git: IsolatedGit,
  content: SnapshotCommitContent & { tree: string },
): Promise<string> {
  const person = personOf(content);
  const lines = [
    `tree ${content.tree}`,
    ...content.parents.map((parent) => `parent ${parent}`),
    `author ${person}`,
    `committer ${person}`,
    '',
    messageOf(content),
  ];
  return git.text(['hash-object', '-t', 'commit', '-w', '--stdin'], { input: lines.join('\n') });
}

/** Who and when, as a commit has it. */
export function personOf({ isDated }: SnapshotCommitContent): string {
  return `${SIGNATURE} ${isDated === false ? 0 : Math.floor(Date.now() / 1000)} +0000`;
}

/** The whole message, with the trailers. */
export function messageOf(content: SnapshotCommitContent): string {
  // Without control characters, which a terminal that prints the log would obey.
  const message = content.message
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_CHARACTERS);
  const trailers = [
    ['Head', content.head],
    ['Branch', content.branch],
    ['Index', content.index],
    ['Raw', content.raw],
    ['Attributes', content.attributes],
    ['Filtered', content.filtered],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`Corral-${name}: ${value}`]));
  return [message === '' ? 'Snapshot' : message, '', 'Corral-Version: 1', ...trailers, ''].join('\n');
}

/**
 * Moves the session's ref from `before`; where that is undefined, the ref must not exist.
 *
 * @throws CONFLICT where somebody else moved it.
 */
export async function moveSnapshotRef(
  repository: Repository,
  sessionId: string,
  commit: string,
  before: string | undefined,
): Promise<void> {
  await repository.git.run(repository.mainWorktree, [
    'update-ref',
    snapshotRefName(sessionId),
    commit,
    before ?? '0'.repeat(commit.length),
  ]);
}

/** Deletes the session's ref where there is one. Git may then collect what only it kept. */
export async function deleteSnapshotRef(repository: Repository, sessionId: string): Promise<void> {
  await repository.git.run(repository.mainWorktree, ['update-ref', '-d', snapshotRefName(sessionId)]);
}
