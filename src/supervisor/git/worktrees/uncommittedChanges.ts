import { withIsolatedGit, type IsolatedGit } from '../isolated/isolatedGit';
import { pathToText, splitZ } from '../pathBytes';
import { captureTree } from '../snapshots/captureTree';
import type { SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { worktreeAround } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';

/**
 * Copies the uncommitted changes of `repository.folder` (staged, unstaged and untracked) into a new worktree that was
 * made from its HEAD. They are uncommitted changes there, too.
 *
 * @returns what is left out, since it is a repository of its own or cannot be read
 */
export async function copyUncommittedChanges(worktree: WorktreeFolder, baseCommit: string): Promise<string[]> {
  const { repository } = worktree;
  const source = { repository, path: await worktreeAround(repository) };
  const { tree, leftOut } = await withIsolatedGit(source, async (git) => {
    const captured = await captureTree(git, source.path);
    const nested = await listNewRepositories(git, baseCommit, captured.tree);
    return { tree: captured.tree, leftOut: [...captured.notCaptured, ...nested] };
  });
  await writeTree(worktree, tree, baseCommit);
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
  worktree: WorktreeFolder,
  baseCommit: string,
  { tree, head, raw }: SnapshotCommit,
): Promise<void> {
  await writeTree(worktree, tree, head ?? baseCommit, raw);
}

async function writeTree(worktree: WorktreeFolder, tree: string, head: string, raw?: string): Promise<void> {
  const { repository, path } = worktree;
  await withIsolatedGit(worktree, async (isolated) => {
    await isolated.run(['read-tree', '--reset', '-u', '--no-recurse-submodules', tree]);
    if (raw !== undefined) await restoreRawFiles(isolated, path, raw);
  });
  await repository.git.run(path, ['update-ref', '--no-deref', 'HEAD', head]);
  await repository.git.run(path, ['read-tree', '--reset', '--no-recurse-submodules', head]);
}
