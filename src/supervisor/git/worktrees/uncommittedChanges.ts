import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import { withIsolatedGit } from '../isolated/isolatedGit';
import { captureTree } from '../snapshots/captureTree';
import type { SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import { worktreeAround } from '../repository';
import type { WorktreeFolder } from '../sessionWorktree';

/**
 * Copies the uncommitted changes of `repository.folder` (staged, unstaged and untracked) into a new worktree that was
 * made from its HEAD. They are uncommitted changes there, too.
 *
 * @throws CONFLICT where something cannot be copied.
 */
export async function copyUncommittedChanges(worktree: WorktreeFolder, baseCommit: string): Promise<void> {
  const { repository } = worktree;
  const source = { repository, path: await worktreeAround(repository) };
  const { tree, notCaptured } = await withIsolatedGit(source, async (git) => captureTree(git, source.path));
  const [first] = notCaptured;
  if (first !== undefined)
    throw new CorralError(
      'CONFLICT',
      l10n.t('{path} cannot be copied: it is a repository of its own, or cannot be read.', { path: first }),
    );
  await writeTree(worktree, tree, baseCommit);
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
