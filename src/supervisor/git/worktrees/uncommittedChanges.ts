import { CorralError } from '../../../storage/errors';
import { captureTree, withIndexCopy } from '../snapshots/indexCopy';
import type { SnapshotCommit } from '../snapshots/snapshotRef';
import { restoreRawFiles } from '../snapshots/rawFiles';
import type { Repository } from '../repository';

/**
 * Brings the uncommitted changes of the folder that was asked for (staged, unstaged and untracked) into a worktree that was just made from its HEAD, as
 * uncommitted changes there. The folder itself is only read. CONFLICT where something in it cannot come along.
 */
export async function bringUncommittedChanges(
  repository: Repository,
  worktreePath: string,
  baseCommit: string,
): Promise<void> {
  const { git, folder } = repository;
  const root = await git.text(folder, ['rev-parse', '--show-toplevel']);
  const { tree, notCaptured } = await withIndexCopy(git, root, async (indexFile) =>
    captureTree(git, root, indexFile, undefined),
  );
  const [first] = notCaptured;
  if (first !== undefined)
    throw new CorralError(
      'CONFLICT',
      `${first} cannot be brought along: it is a repository of its own, or cannot be read.`,
    );
  await writeOver(repository, worktreePath, tree, baseCommit);
}

/** Makes a worktree that was just made what another session's was at a snapshot: its HEAD, and all else as uncommitted changes. */
export async function bringSnapshot(
  repository: Repository,
  worktreePath: string,
  baseCommit: string,
  { tree, head, raw }: SnapshotCommit,
): Promise<void> {
  await writeOver(repository, worktreePath, tree, head ?? baseCommit);
  if (raw !== undefined) await restoreRawFiles(repository, worktreePath, raw, undefined);
}

async function writeOver({ git }: Repository, worktreePath: string, tree: string, head: string): Promise<void> {
  await git.run(worktreePath, ['read-tree', '--reset', '-u', '--no-recurse-submodules', tree]);
  await git.run(worktreePath, ['reset', '--quiet', '--mixed', '--no-recurse-submodules', head]);
}
