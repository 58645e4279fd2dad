/** How a session's work gets into the user's checkout and out again, or onto a branch. Nothing is forced: git's own refusals stand. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CorralError } from '../../../storage/errors';
import { type SessionWork } from './changes';
import { withIndexCopy } from '../snapshots/indexCopy';
import { findOperations } from '../snapshots/uncapturedWork';
import { encodePaths, pathToText, splitZ } from '../pathBytes';
import { writeCommit } from '../snapshots/snapshotRef';
import type { SessionWorktree } from '../worktrees/trash';
import { isObjectId, requireHeadCommit, type Repository } from '../repository';
import { exists } from '../worktreeOwnership';

/** `staged`: as uncommitted changes. `commits`: the session's own commits, and one more for what it has not committed. */
export type ApplyMode = 'staged' | 'commits';

/** What was applied, as object ids: all that undoing it needs. */
export interface AppliedChanges {
  mode: ApplyMode;
  /** The last commit that was picked. */
  commit: string;
  /** From where it was picked. */
  base: string;
  /** The checkout's HEAD and index (a tree) before, and its HEAD after. */
  before: string;
  index: string;
  after: string;
  /** The files that it left with conflicts, as people read them. Absent in older records. */
  conflicts?: string[] | undefined;
}

export interface ChangesToApply {
  baseCommit: string;
  work: SessionWork;
  /** The subject of commits that are made for it. */
  title: string;
}

/**
 * Applies the work to the user's checkout on top of whatever is there. `conflicts` are left in git's ordinary state for a merge editor; where the work comes
 * as commits, git waits in its cherry-pick. Where a file has changes of the user's own, git refuses and nothing is touched (CONFLICT).
 */
export async function applyChanges(
  request: SessionWorktree,
  toTake: ChangesToApply,
  mode: ApplyMode,
): Promise<{ applied: AppliedChanges; conflicts: string[] }> {
  const { repository } = request;
  const { baseCommit, work, title } = toTake;
  await requireIdle(repository);
  const before = await requireHeadCommit(repository.git, repository.mainWorktree);
  const index = await indexTree(repository);
  // Git would refuse as well, but leave its cherry-pick half begun, and taking that back would take what is staged.
  if (
    mode === 'commits' &&
    index !== (await repository.git.text(repository.mainWorktree, ['rev-parse', `${before}^{tree}`]))
  )
    throw new CorralError(
      'CONFLICT',
      'There are staged changes in your checkout. Commit or stash them first, or apply as uncommitted changes.',
    );
  const commit =
    mode === 'staged'
      ? await writeCommit(repository, { tree: work.tree, parents: [baseCommit], message: title })
      : await linearCommits(repository, toTake);
  const conflicts = await pick(
    repository,
    mode === 'staged'
      ? ['cherry-pick', '--no-commit', '--allow-empty', commit]
      : [
          'cherry-pick',
          '--ff',
          '--allow-empty',
          '--keep-redundant-commits',
          '--no-gpg-sign',
          `${baseCommit}..${commit}`,
        ],
  );
  return {
    applied: {
      mode,
      commit,
      base: baseCommit,
      before,
      index,
      after: await requireHeadCommit(repository.git, repository.mainWorktree),
      conflicts,
    },
    conflicts,
  };
}

/**
 * Takes back what `applyWork` did, and nothing else: what was changed since stays, or git refuses (CONFLICT). Conflicts that are not resolved go too; an
 * operation of the user's own stays.
 */
export async function undoApply({ repository }: SessionWorktree, applied: AppliedChanges): Promise<void> {
  const { git, mainWorktree } = repository;
  const { mode, commit, base, before, index, after } = applied;
  if (![commit, base, before, index, after].every(isObjectId))
    throw new CorralError('INVALID_ARGUMENT', 'What was applied is not known by object ids.');
  if (mode === 'commits' && (await isItsPickUnderWay(repository, applied))) {
    await git.run(mainWorktree, ['cherry-pick', '--abort']);
    return;
  }
  await refuseOperation(repository);
  if (mode === 'staged') {
    if ((await listConflicts(repository)).length > 0) await restorePaths(repository, applied);
    else await revert(repository, commit);
    return;
  }
  const head = await requireHeadCommit(repository.git, repository.mainWorktree);
  if (head === after) {
    const { exitCode, stderr } = await git.run(mainWorktree, ['reset', '--keep', before], {
      acceptedExitCodes: [0, 1, 128],
    });
    if (exitCode !== 0) throw refused(stderr);
    return;
  }
  const { exitCode } = await git.run(mainWorktree, ['merge-base', '--is-ancestor', after, head], {
    acceptedExitCodes: [0, 1],
  });
  if (exitCode !== 0)
    throw new CorralError('CONFLICT', 'Your checkout is on another branch by now, which does not hold these commits.');
  await revert(repository, `${before}..${after}`); // commits of the user's came on top: they stay
}

/**
 * Makes a branch that holds the work: the worktree's own commits, and one more for what is not committed; or brings the one that was made before
 * (`known`) up to date. CONFLICT where the name is taken by another, or the branch was changed or is checked out.
 */
export async function makeBranch(
  { repository }: SessionWorktree,
  toTake: ChangesToApply,
  name: string,
  known?: { name: string; commit: string },
): Promise<string> {
  const { git, mainWorktree } = repository;
  const reference = `refs/heads/${name}`;
  const { exitCode } = await git.run(mainWorktree, ['check-ref-format', reference], { acceptedExitCodes: [0, 1] });
  if (exitCode !== 0 || name.startsWith('-'))
    throw new CorralError('INVALID_ARGUMENT', `“${name}” cannot be the name of a branch.`);
  const commit = await workCommit(repository, toTake);
  const current = await git.text(mainWorktree, ['rev-parse', '--verify', '--quiet', reference], {
    acceptedExitCodes: [0, 1],
  });
  if (current === commit) return commit;
  const isOurs = known?.name === name && known.commit === current;
  if (current !== '' && !isOurs)
    throw new CorralError('CONFLICT', `There is a branch ${name} already, and it is not as this session left it.`);
  if (
    isOurs &&
    (await git.text(mainWorktree, ['worktree', 'list', '--porcelain', '-z']))
      .split('\0')
      .includes(`branch ${reference}`)
  )
    throw new CorralError(
      'CONFLICT',
      `The branch ${name} is checked out, so it is not moved. Merge into it, or choose another name.`,
    );
  await git.run(mainWorktree, [
    'update-ref',
    '-m',
    'corral: branch',
    reference,
    commit,
    current === '' ? '0'.repeat(commit.length) : current,
  ]);
  return commit;
}

/** The worktree's HEAD, with one commit of the user's own on top where its files differ. */
async function workCommit(
  { git, mainWorktree }: Repository,
  { baseCommit, work, title }: ChangesToApply,
): Promise<string> {
  const head = work.head ?? baseCommit;
  const isCommitted = (await git.text(mainWorktree, ['rev-parse', `${head}^{tree}`])) === work.tree;
  return isCommitted ? head : await git.text(mainWorktree, ['commit-tree', '-p', head, '-m', title, work.tree]);
}

/** The same for picking: merges, and a HEAD that left its base, come as one commit. */
async function linearCommits(repository: Repository, toTake: ChangesToApply): Promise<string> {
  const { git, mainWorktree } = repository;
  const { baseCommit, work, title } = toTake;
  const commit = await workCommit(repository, toTake);
  const merges = await git.text(mainWorktree, ['rev-list', '--merges', '--max-count=1', `${baseCommit}..${commit}`]);
  const { exitCode } = await git.run(mainWorktree, ['merge-base', '--is-ancestor', baseCommit, commit], {
    acceptedExitCodes: [0, 1],
  });
  return merges === '' && exitCode === 0
    ? commit
    : await git.text(mainWorktree, ['commit-tree', '-p', baseCommit, '-m', title, work.tree]);
}

async function indexTree({ git, mainWorktree }: Repository): Promise<string> {
  return await withIndexCopy(
    git,
    mainWorktree,
    async (indexFile) => await git.text(mainWorktree, ['write-tree'], { environment: { GIT_INDEX_FILE: indexFile } }),
  );
}

async function listConflicts({ git, mainWorktree }: Repository): Promise<string[]> {
  const unmerged = splitZ((await git.run(mainWorktree, ['ls-files', '-z', '--unmerged'])).stdout);
  return [...new Set(unmerged.map((line) => pathToText(line.slice(line.indexOf('\t') + 1))))];
}

/** Git would end some of these for another one, and with them what the user has resolved. */
async function refuseOperation({ commonDirectory }: Repository): Promise<void> {
  const [operation] = await findOperations(commonDirectory);
  // Between two of its commits only this tells of a cherry-pick or a revert.
  if (operation === undefined && !(await exists(join(commonDirectory, 'sequencer')))) return;
  throw new CorralError(
    'CONFLICT',
    `There is ${operation ?? 'a cherry-pick or a revert in progress'} in your checkout. Finish it or abort it first.`,
  );
}

async function requireIdle(repository: Repository): Promise<void> {
  await refuseOperation(repository);
  if ((await listConflicts(repository)).length > 0) throw conflictsInTheWay();
}

/** True where the cherry-pick that waits in the checkout picks commits of this work, and began where applying it did. */
async function isItsPickUnderWay(
  { git, mainWorktree, commonDirectory }: Repository,
  { base, commit, before }: AppliedChanges,
): Promise<boolean> {
  const picked = await git.text(mainWorktree, ['rev-parse', '--verify', '--quiet', 'CHERRY_PICK_HEAD'], {
    acceptedExitCodes: [0, 1],
  });
  if (picked === '') return false;
  const began = await readFile(join(commonDirectory, 'sequencer/head'), 'utf8').catch(() => '');
  return (
    began.trim() === before &&
    (await git.text(mainWorktree, ['rev-list', `${base}..${commit}`])).split('\n').includes(picked)
  );
}

function conflictsInTheWay(): CorralError {
  return new CorralError(
    'CONFLICT',
    'There are conflicts in your checkout that are not from this session as it was applied. Resolve them first.',
  );
}

async function revert(repository: Repository, revisions: string): Promise<void> {
  const conflicts = await pick(repository, ['revert', '--no-commit', revisions]);
  // Without this git would go on saying that a revert is under way, although nothing is left to do.
  if (conflicts.length === 0) await repository.git.run(repository.mainWorktree, ['revert', '--quit']);
}

async function pick(repository: Repository, command: readonly string[]): Promise<string[]> {
  await requireIdle(repository);
  const { exitCode, stderr } = await repository.git.run(repository.mainWorktree, command, {
    acceptedExitCodes: [0, 1, 128],
  });
  const conflicts = await listConflicts(repository);
  if (exitCode === 0 || conflicts.length > 0) return conflicts;
  // Some of the commits may be there already.
  if (await exists(join(repository.commonDirectory, 'sequencer')))
    await repository.git.run(repository.mainWorktree, [command[0] ?? '', '--abort'], {
      acceptedExitCodes: [0, 1, 128],
    });
  throw refused(stderr);
}

function refused(stderr: string): CorralError {
  const reason = stderr.split('\n').find((line) => /^(error|fatal):/.test(line)) ?? stderr;
  return new CorralError(
    'CONFLICT',
    `Git would overwrite changes of yours, so nothing was changed. Commit or stash them first (${reason.trim()}).`,
  );
}

/**
 * The files of the work as they were in the index before; git had refused to apply it where any of them had other changes then. CONFLICT where one of them
 * has by now, or where conflicts are not those that applying left: what a merge or a stash of the user's own left is theirs to resolve.
 */
async function restorePaths(
  repository: Repository,
  { commit, base, index, after, conflicts = [] }: AppliedChanges,
): Promise<void> {
  const { git, mainWorktree } = repository;
  const changed = splitZ(
    (await git.run(mainWorktree, ['diff-tree', '-r', '-z', '--name-only', '--no-renames', base, commit])).stdout,
  );
  const changedNames = new Set(changed.map(pathToText));
  const unmerged = await listConflicts(repository);
  if (
    (await requireHeadCommit(repository.git, repository.mainWorktree)) !== after ||
    !unmerged.every((name) => changedNames.has(name) && conflicts.includes(name))
  )
    throw conflictsInTheWay();
  const edited = splitZ(
    (await git.run(mainWorktree, ['diff', '--no-ext-diff', '-z', '--name-only', '--no-renames'])).stdout,
  ).map(pathToText);
  const lost = edited.find((name) => changedNames.has(name) && !unmerged.includes(name));
  if (lost !== undefined)
    throw new CorralError(
      'CONFLICT',
      `You have changed ${lost} since. Resolve the conflicts first, or put that file back.`,
    );
  const known = new Set([
    ...splitZ((await git.run(mainWorktree, ['ls-files', '-z'])).stdout),
    ...splitZ((await git.run(mainWorktree, ['ls-tree', '-r', '-z', '--name-only', index])).stdout),
  ]);
  const options = {
    input: encodePaths(changed.filter((path) => known.has(path))),
    environment: { GIT_LITERAL_PATHSPECS: '1' },
  };
  await git.run(
    mainWorktree,
    ['restore', `--source=${index}`, '--staged', '--worktree', '--pathspec-from-file=-', '--pathspec-file-nul'],
    options,
  );
}
