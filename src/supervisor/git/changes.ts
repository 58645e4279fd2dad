import { CorralError } from '../../storage/errors';
import { captureTree, withIndexCopy } from './indexCopy';
import { pathToText, splitZ } from './pathBytes';
import { readPin, writeCommit } from './pin';
import { locateWorktree, type RemovalRequest } from './removal';
import { isObjectId } from './repository';

/** One file that differs between a session's base and its worktree. Paths are relative, with `/`. */
export interface FileChange {
  kind: 'added' | 'modified' | 'deleted';
  path: string;
  /** Where it was renamed from. */
  previousPath?: string;
}

/** A session's work as git objects. */
export interface SessionWork {
  tree: string;
  /** The commit that the worktree's HEAD is at; undefined where it has none. */
  head: string | undefined;
  /** False where the worktree is gone and this is its last snapshot. */
  isInPlace: boolean;
}

/** The session's work as it is now: tracked and untracked files, uncommitted ones too. Touches nothing of the user's. Throws WORKTREE_MISSING where nothing was ever there. */
export async function captureWork(request: RemovalRequest): Promise<SessionWork> {
  const { repository, worktreePath, sessionId } = request;
  const { git } = repository;
  if ((await locateWorktree(request)).place !== 'worktree') {
    const pin = await readPin(repository, sessionId);
    if (pin === undefined) throw new CorralError('WORKTREE_MISSING', 'This session has neither a worktree nor a snapshot.');
    return { tree: pin.tree, head: pin.head, isInPlace: false };
  }
  const head = await git.text(worktreePath, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], { acceptedExitCodes: [0, 1] });
  const { tree } = await withIndexCopy(git, worktreePath, async (indexFile) => captureTree(git, worktreePath, indexFile, undefined));
  return { tree, head: head === '' ? undefined : head, isInPlace: true };
}

/** All files in which two commits or trees differ, renames found. */
export async function listChanges({ repository }: RemovalRequest, before: string, after: string): Promise<FileChange[]> {
  const { stdout } = await repository.git.run(repository.mainWorktree, ['diff-tree', '-r', '-z', '--name-status', '--find-renames', before, after]);
  const fields = splitZ(stdout);
  const changes: FileChange[] = [];
  for (let index = 0; index + 1 < fields.length;) {
    const status = fields[index++]?.charAt(0) ?? '';
    const path = pathToText(fields[index++] ?? '');
    if (status === 'R') changes.push({ kind: 'modified', previousPath: path, path: pathToText(fields[index++] ?? '') });
    else changes.push({ kind: status === 'A' ? 'added' : status === 'D' ? 'deleted' : 'modified', path });
  }
  return changes;
}

/**
 * Applies the work to the user's checkout as staged changes, on top of whatever is there. `conflicts` are left in git's ordinary state for a merge editor.
 * Where a file has changes of the user's own, git refuses and nothing is touched (CONFLICT). `commit` is what `unapplyWork` takes back.
 */
export async function applyWork(
  { repository }: RemovalRequest,
  baseCommit: string,
  work: SessionWork,
  title: string,
): Promise<{ commit: string; conflicts: string[] }> {
  const commit = await writeCommit(repository, { tree: work.tree, parents: [baseCommit], message: title });
  return { commit, conflicts: await pick(repository, ['cherry-pick', '--no-commit', '--allow-empty', commit]) };
}

/** Takes back what `applyWork` did, and nothing else: what was changed since stays, or git refuses (CONFLICT). */
export async function unapplyWork({ repository }: RemovalRequest, commit: string): Promise<string[]> {
  if (!isObjectId(commit)) throw new CorralError('INVALID_ARGUMENT', `${commit} is no object id`);
  return pick(repository, ['revert', '--no-commit', commit]);
}

async function pick({ git, mainWorktree }: RemovalRequest['repository'], command: readonly string[]): Promise<string[]> {
  const listConflicts = async (): Promise<string[]> => {
    const unmerged = splitZ((await git.run(mainWorktree, ['ls-files', '-z', '--unmerged'])).stdout);
    return [...new Set(unmerged.map((line) => pathToText(line.slice(line.indexOf('\t') + 1))))];
  };
  if ((await listConflicts()).length > 0) throw new CorralError('CONFLICT', 'There are conflicts in your checkout already. Resolve them first.');
  const { exitCode, stderr } = await git.run(mainWorktree, command, { acceptedExitCodes: [0, 1, 128] });
  const conflicts = await listConflicts();
  if (exitCode !== 0 && conflicts.length === 0) {
    const reason = stderr.split('\n').find((line) => /^(error|fatal):/.test(line)) ?? stderr;
    throw new CorralError('CONFLICT', `Git would overwrite changes of yours, so nothing was changed. Commit or stash them first (${reason.trim()}).`);
  }
  return conflicts;
}

/** Makes a branch that holds the work: the worktree's own commits, and one more for what is not committed. CONFLICT where the name is taken. */
export async function makeBranch({ repository }: RemovalRequest, baseCommit: string, work: SessionWork, name: string, title: string): Promise<string> {
  const { git, mainWorktree } = repository;
  const { exitCode } = await git.run(mainWorktree, ['check-ref-format', `refs/heads/${name}`], { acceptedExitCodes: [0, 1] });
  if (exitCode !== 0 || name.startsWith('-')) throw new CorralError('INVALID_ARGUMENT', `“${name}” cannot be the name of a branch.`);
  const head = work.head ?? baseCommit;
  const isCommitted = (await git.text(mainWorktree, ['rev-parse', `${head}^{tree}`])) === work.tree;
  const commit = isCommitted ? head : await git.text(mainWorktree, ['commit-tree', '-p', head, '-m', title, work.tree]);
  await git.run(mainWorktree, ['update-ref', '-m', 'corral: branch', `refs/heads/${name}`, commit, '0'.repeat(commit.length)]);
  return commit;
}
