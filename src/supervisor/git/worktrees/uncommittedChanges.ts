import { withIsolatedGit, withObjects, type IsolatedGit } from '../isolated/isolatedGit';
import { pathToText, splitZ } from '../pathBytes';
import { checkOutFiltered } from '../filters/checkOutFiltered';
import { copyFiltered } from '../filters/keptFiles';
import { captureTree } from '../snapshots/captureTree';
import { writeCommit, type SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { worktreeAround, type Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';
import { restoreFiltered } from './restoreFiltered';

/**
 * Copies the uncommitted changes of `repository.folder` (staged, unstaged and untracked) into a new worktree that was
 * made from its HEAD. They are uncommitted changes there, too.
 *
 * @returns what is left out, since it is a repository of its own or cannot be read
 */
export async function copyUncommittedChanges(worktree: SessionWorktree, baseCommit: string): Promise<string[]> {
  const { tree, leftOut, filtered, from } = await captureChanges(worktree.repository, baseCommit);
  await writeTree(worktree, tree, baseCommit);
  const copied = new Set(filtered);
  await checkOutFiltered(worktree, tree, { isFilter: () => true, except: copied });
  for (const path of filtered) await copyFiltered(from, worktree.path, path);
  return leftOut;
}

/**
 * The uncommitted changes of `repository.folder` as the commit of a snapshot, from which `copySnapshot` puts them into
 * a worktree on another computer.
 *
 * @returns also what is left out, as `copyUncommittedChanges`, and changed files for which git has a filter
 */
export async function commitUncommittedChanges(
  repository: Repository,
  baseCommit: string,
): Promise<{ commit: string; leftOut: string[]; filtered: string[] }> {
  const { tree, leftOut, filtered } = await captureChanges(repository, baseCommit);
  const content = { tree, parents: [baseCommit], message: 'Uncommitted changes', head: baseCommit, isDated: false };
  const commit = await withObjects(repository, async (git) => await writeCommit(git, content));
  return { commit, leftOut, filtered: filtered.map(pathToText) };
}

/** All but the changed files for which git has a filter, whose paths are bytes, is in the tree. */
async function captureChanges(
  repository: Repository,
  baseCommit: string,
): Promise<{ tree: string; leftOut: string[]; filtered: string[]; from: string }> {
  const source = { repository, path: await worktreeAround(repository) };
  return await withIsolatedGit(source, async (git) => {
    const { tree, filtered, notCaptured } = await captureTree(git, source.path);
    const leftOut = [...notCaptured, ...(await listNewRepositories(git, baseCommit, tree))];
    return {
      tree,
      filtered: filtered.map((file) => file.path),
      leftOut: [...new Set(leftOut.map((path) => path.replace(/\/$/, '')))].sort(),
      from: source.path,
    };
  });
}

/** Repositories inside the checkout that have commits: git knows their commit, and an empty folder stands for them. */
async function listNewRepositories(git: IsolatedGit, base: string, tree: string): Promise<string[]> {
  const fields = splitZ((await git.run(['diff-tree', '-r', '-z', '--raw', base, tree])).stdout);
  return fields.flatMap((field, index) =>
    /^:(?!160000)\d{6} 160000 /.test(field) ? [pathToText(fields[index + 1] ?? '')] : [],
  );
}

/** Copies another session's snapshot into a new worktree: HEAD is that of the snapshot, all else is uncommitted. */
export async function copySnapshot(
  worktree: SessionWorktree,
  baseCommit: string,
  snapshot: SnapshotCommit,
): Promise<void> {
  const { tree, head, raw } = snapshot;
  await restoreFiltered(worktree, snapshot, await writeTree(worktree, tree, head ?? baseCommit, raw));
}

/** Answers with the paths whose bytes are those of `raw`. */
async function writeTree(
  worktree: SessionWorktree,
  tree: string,
  head: string,
  raw?: string,
): Promise<ReadonlySet<string>> {
  const { repository, path } = worktree;
  const made = await withIsolatedGit(worktree, async (isolated) => {
    await isolated.run(['read-tree', '--reset', '-u', '--no-recurse-submodules', tree]);
    return await restoreRawFiles(isolated, path, raw);
  });
  await repository.git.run(path, ['update-ref', '--no-deref', 'HEAD', head]);
  await repository.git.run(path, ['read-tree', '--reset', '--no-recurse-submodules', head]);
  return made;
}
