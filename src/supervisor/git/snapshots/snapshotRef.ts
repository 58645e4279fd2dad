import { CorralError } from '../../../storage/errors';
import type { Git } from '../git';
import { IDENTITY, isObjectId, type Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';

/**
 * The session's pin: one ref over a chain of commits, each with the worktree's tree. What a later reader needs stands in the
 * last paragraph of the message, which is always ours, whatever a title above it says.
 */
export interface SnapshotCommit {
  commit: string;
  tree: string;
  /** False for the base commit, which the ref holds until the first snapshot. */
  isSnapshot: boolean;
  /** The worktree's HEAD at that time; undefined where it had no commit. */
  head: string | undefined;
  /** The branch that was checked out, in full (`refs/heads/…`). */
  branch: string | undefined;
  /** A commit whose tree is the user's index. */
  index: string | undefined;
  /** A commit whose tree has the regular files' own bytes; only a removal makes it. */
  raw: string | undefined;
}

export interface SnapshotCommitContent {
  tree: string;
  /** Without duplicates. */
  parents: readonly string[];
  message: string;
  head?: string | undefined;
  branch?: string | undefined;
  index?: string | undefined;
  raw?: string | undefined;
  /** False for a commit that only carries a tree: the same tree is then the same commit, however often it is made. True where absent. */
  isDated?: boolean;
}

const SIGNATURE = `${IDENTITY.name} <${IDENTITY.email}>`;
const MAX_MESSAGE_CHARACTERS = 4000;

export function snapshotRefName(sessionId: string): string {
  return `refs/corral/${sessionId}`;
}

/** What the session's ref holds now, or undefined where there is none. */
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

/** What the session's ref holds, and the commit that the worktree's HEAD is at, by one git process; undefined where there is none. */
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

/** The commits that these revisions (without a newline) name as seen from a folder, by one git process; undefined for one that names none. */
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

/** The commit that a person's words name, and whether it is a snapshot. BASE_NOT_FOUND where there is none. Only ids go on from here. */
export async function readRevision(
  { git, folder, mainWorktree }: Repository,
  revision: string,
): Promise<SnapshotCommit> {
  const [commit] = /^$|[\0\n]/.test(revision) ? [] : await readCommits(git, folder, [revision]);
  if (commit === undefined || !isObjectId(commit.objectId))
    throw new CorralError('BASE_NOT_FOUND', `There is no commit "${revision}" in ${mainWorktree}`);
  return parseSnapshot(commit.objectId, commit.content);
}

/** What stands in one commit of a session's chain; of any other commit, that it is none. */
export async function readSnapshot({ git, mainWorktree }: Repository, commit: string): Promise<SnapshotCommit> {
  return parseSnapshot(commit, await git.text(mainWorktree, ['cat-file', 'commit', commit]));
}

function parseSnapshot(commit: string, content: string): SnapshotCommit {
  const headerEnd = content.indexOf('\n\n');
  const header = content.slice(0, headerEnd);
  const tree = /^tree ([0-9a-f]+)$/m.exec(header)?.[1];
  if (tree === undefined) throw new CorralError('GIT_FAILED', `${commit} is no commit that can be read`);
  const trailers = content.trimEnd().split('\n\n').at(-1)?.split('\n') ?? [];
  // Ours by name alone is also the first commit of a repository that Corral made.
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
  };
}

/** Writes a commit of ours. As an object and not by commit-tree: there may be more parents than a command line holds. */
export async function writeCommit(repository: Repository, content: SnapshotCommitContent): Promise<string> {
  const seconds = content.isDated === false ? 0 : Math.floor(Date.now() / 1000);
  // What a terminal would obey has no place in a log.
  const message = content.message
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .trim()
    .slice(0, MAX_MESSAGE_CHARACTERS);
  const trailers = [
    ['Head', content.head],
    ['Branch', content.branch],
    ['Index', content.index],
    ['Raw', content.raw],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`Corral-${name}: ${value}`]));
  const lines = [
    `tree ${content.tree}`,
    ...content.parents.map((parent) => `parent ${parent}`),
    `author ${SIGNATURE} ${seconds} +0000`,
    `committer ${SIGNATURE} ${seconds} +0000`,
    '',
    message === '' ? 'Snapshot' : message,
    '',
    ...['Corral-Version: 1', ...trailers],
    '',
  ];
  return repository.git.text(repository.mainWorktree, ['hash-object', '-t', 'commit', '-w', '--stdin'], {
    input: lines.join('\n'),
  });
}

/** Moves the ref from `before` (undefined: it must not exist). CONFLICT where somebody else moved it. */
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

/** Removes the session's ref; one that is not there is no error. What only it held is then git's to collect. */
export async function deleteSnapshotRef(repository: Repository, sessionId: string): Promise<void> {
  await repository.git.run(repository.mainWorktree, ['update-ref', '-d', snapshotRefName(sessionId)]);
}
