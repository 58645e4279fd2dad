/** What differs between two states of a session's files, with those that filters change, whose bytes git lacks. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { countChanges, type ChangeCounts } from '../changeCounts';
import type { FilteredSource } from '../filters/cleanWork';
import { withObjects } from '../isolated/isolatedGit';
import { pathToText, splitZ } from '../pathBytes';
import type { Repository } from '../repository';
import type { SessionWorktree } from '../sessionWorktree';
import { requireSnapshotPoint } from '../snapshots/snapshotList';
import { readSnapshot } from '../snapshots/snapshotRef';
import { keptSources, listChanges, readWork, type FileChange } from './changes';

/** A commit or tree, and the files that it lacks since filters would change them. */
export interface FilesState {
  revision: string;
  filtered: readonly FilteredSource[];
}

/** The session's files as they are now. Throws as `readWork`. */
export async function stateNow(worktree: SessionWorktree): Promise<FilesState & { isInPlace: boolean }> {
  const { tree, isInPlace, filtered } = await readWork(worktree);
  return { revision: tree, isInPlace, filtered };
}

/**
 * The session's files in its base or in one of its snapshots.
 *
 * @throws INVALID_ARGUMENT where `commit` is neither.
 */
export async function stateAt(worktree: SessionWorktree, baseCommit: string, commit: string): Promise<FilesState> {
  await requireSnapshotPoint(worktree, baseCommit, commit);
  return { revision: commit, filtered: await keptSources(worktree, await readSnapshot(worktree.repository, commit)) };
}

/**
 * All files that differ. No filter runs, so that a file which has one counts as modified also where it was only
 * written again.
 */
export async function listWorkChanges(
  repository: Repository,
  before: FilesState,
  after: FilesState,
): Promise<FileChange[]> {
  const changes = await listChanges(repository, before.revision, after.revision);
  if (before.filtered.length + after.filtered.length === 0) return changes;
  const [[beforeFiles, wasThere], [afterFiles, isThere]] = [
    await filesOf(repository, before),
    await filesOf(repository, after),
  ];
  const found = new Map(changes.map((change) => [change.path, change]));
  for (const path of new Set([...beforeFiles.keys(), ...afterFiles.keys()])) {
    const [one, other] = [beforeFiles.get(path), afterFiles.get(path)];
    const text = pathToText(path);
    if (one !== undefined && other !== undefined && (await areSame(one, other))) {
      found.delete(text);
      continue;
    }
    const isNew = !wasThere.has(path) && one === undefined;
    const isGone = !isThere.has(path) && other === undefined;
    const filter = (other ?? one)?.filter;
    found.set(text, {
      ...(found.get(text) ?? { path: text }),
      kind: isNew && found.get(text)?.previousPath === undefined ? 'added' : isGone ? 'deleted' : 'modified',
      ...(filter === undefined ? {} : { filter }),
      ...(one === undefined ? {} : { beforeFile: one.source }),
      ...(other === undefined ? {} : { afterFile: other.source }),
    });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Counts what differs from a commit. Lines are counted in the files that git has. */
export async function countWorkChanges(
  repository: Repository,
  before: string,
  after: FilesState,
  signal?: AbortSignal,
): Promise<ChangeCounts> {
  const counts = await countChanges(repository, before, after.revision, signal);
  if (after.filtered.length === 0) return counts;
  return { ...counts, files: (await listWorkChanges(repository, { revision: before, filtered: [] }, after)).length };
}

/** The filtered files by path, and the paths of the commit or tree. */
async function filesOf(
  repository: Repository,
  { revision, filtered }: FilesState,
): Promise<[ReadonlyMap<string, FilteredSource>, ReadonlySet<string>]> {
  const listing = ['ls-tree', '-r', '-z', '--name-only', revision];
  const { stdout } = await withObjects(repository, async (git) => git.run(listing));
  return [new Map(filtered.map((file) => [file.path, file])), new Set(splitZ(stdout))];
}

async function areSame(one: FilteredSource, other: FilteredSource): Promise<boolean> {
  if (one.mode !== other.mode) return false;
  const [size, otherSize] = await Promise.all([one, other].map(async ({ source }) => (await stat(source)).size));
  return size === otherSize && (await hashOf(one.source)) === (await hashOf(other.source));
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
