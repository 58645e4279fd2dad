import { CorralError } from '../../../storage/errors';
import { captureTree, withIndexCopy } from '../snapshots/indexCopy';
import type { SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import type { WorktreeFolder } from '../sessionWorktree';

/**
 * Brings the uncommitted changes of the folder that was asked for (staged, unstaged and untracked) into a worktree that was just made from its HEAD, as
 * uncommitted changes there. The folder itself is only read. CONFLICT where something in it cannot come along.
 */
export async function copyUncommittedChanges(worktree: WorktreeFolder, baseCommit: string): Promise<void> {
  const { repository } = worktree;
  const source = { repository, path: await repository.git.text(repository.folder, ['rev-parse', '--show-toplevel']) };
  const { tree, notCaptured } = await withIndexCopy(source, async (indexFile) => captureTree(source, indexFile));
  const [first] = notCaptured;
  if (first !== undefined)
    throw new CorralError(
      'CONFLICT',
      `${first} cannot be brought along: it is a repository of its own, or cannot be read.`,
    );
  await writeOver(worktree, tree, baseCommit);
}

/** Makes a worktree that was just made what another session's was at a snapshot: its HEAD, and all else as uncommitted changes. */
export async function copySnapshot(
  worktree: WorktreeFolder,
  baseCommit: string,
  { tree, head, raw }: SnapshotCommit,
): Promise<void> {
  await writeOver(worktree, tree, head ?? baseCommit);
  if (raw !== undefined) await restoreRawFiles(worktree, raw);
}

async function writeOver({ repository: { git }, path }: WorktreeFolder, tree: string, head: string): Promise<void> {
  await git.run(path, ['read-tree', '--reset', '-u', '--no-recurse-submodules', tree]);
  await git.run(path, ['reset', '--quiet', '--mixed', '--no-recurse-submodules', head]);
}
