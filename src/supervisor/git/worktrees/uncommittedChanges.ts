import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { pathToText, splitZ } from '../pathBytes';
import { checkOutFiltered } from '../filters/checkOutFiltered';
import { copyFiltered } from '../filters/keptFiles';
import { captureTree } from '../snapshots/captureTree';
import type { SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { worktreeAround } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';
import { restoreFiltered } from './restoreFiltered';

/**
 * Copies the uncommitted changes of `repository.folder` (staged, unstaged and untracked) into a new worktree that was
 * made from its HEAD. They are uncommitted changes there, too.
 *
 * @returns what is left out, since it is a repository of its own or cannot be read
 */
export async function copyUncommittedChanges(worktree: SessionWorktree, baseCommit: string): Promise<string[]> {
  const { repository } = worktree;
  const source = { repository, path: await worktreeAround(repository) };
  const { tree, leftOut, filtered } = await withIsolatedGit(source, async (git) => {
    const captured = await captureTree(git, source.path);
    const nested = await listNewRepositories(git, baseCommit, captured.tree);
    return { tree: captured.tree, filtered: captured.filtered, leftOut: [...captured.notCaptured, ...nested] };
  });
  await writeTree(worktree, tree, baseCommit);
  const copied = new Set(filtered.map((file) => file.path));
  await checkOutFiltered(worktree, tree, { isFilter: () => true, except: copied });
  for (const { path } of filtered) await copyFiltered(source.path, worktree.path, path);
  return [...new Set(leftOut.map((path) => path.replace(/\/$/, '')))].sort();
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
