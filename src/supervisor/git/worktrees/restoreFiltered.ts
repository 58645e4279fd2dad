import { checkOutFiltered } from '../filters/checkOutFiltered';
import { bringBack } from '../filters/keptFiles';
import type { SessionWorktree } from '../sessionWorktree';
import { filtersOf, readKeptFiles } from '../snapshots/captureWorktree';
import type { SnapshotCommit } from '../snapshots/snapshotRef';

/**
 * Makes the files of a snapshot for which filters are named: those that it keeps, as they were, and all others by their
 * filters. `made` are there already.
 */
export async function restoreFiltered(
  worktree: SessionWorktree,
  snapshot: SnapshotCommit,
  made: ReadonlySet<string>,
  paths?: readonly string[],
): Promise<void> {
  const { repository, path, filters } = worktree;
  const kept = await readKeptFiles(repository, snapshot);
  await checkOutFiltered(worktree, snapshot.tree, {
    isFilter: await filtersOf(worktree),
    except: new Set([...made, ...kept.map((file) => file.path)]),
    ...(paths === undefined ? {} : { paths }),
  });
  if (filters !== undefined) await bringBack(filters, path, kept);
}
