/** A snapshot that adds to the one before what changed since, without an index of our own. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../../../../common/errors';
import { CorralError } from '../../../../storage/errors';
import { gitDirectoryOf } from '../../gitDirectory';
import { storeBorrowedObjects } from '../../isolated/borrowedObjects';
import { diskTraitsOf } from '../../isolated/diskTraits';
import { isPlain } from '../../isolated/indexBytes';
import { withIsolatedPlace, type IsolatedGit } from '../../isolated/isolatedGit';
import { objectFormatOf } from '../../isolated/objectFormat';
import type { SessionWorktree } from '../../sessionWorktree';
import { findChangedFiles, type ChangedFile, type IndexDifferences } from './changedFiles';
import { importCommit } from './importCommit';
import { moveSnapshotRef, type Snapshot, type SnapshotCommit } from '../snapshotRef';
import { readSurroundingFiles, readSurroundings, type SurroundingFiles, type Surroundings } from './surroundings';

/** What the last snapshot of a worktree found. The next one uses what comes from files that are still the same. */
export class SnapshotMemory {
  last:
    | {
        files: SurroundingFiles;
        surroundings: Surroundings;
        /** Of an index that `isPlain`. */
        indexStamp: string;
        /** Where that index is not as the snapshot. */
        differences: IndexDifferences;
      }
    | undefined;
}

/**
 * As `takeSnapshot`, where nothing but files and links changed since the last one. Undefined, with nothing done, for
 * all else and where anything fails: then the worktree has to be captured as a whole.
 *
 * @throws CONFLICT where somebody else took a snapshot meanwhile
 */
export async function takeIncrementalSnapshot(
  worktree: SessionWorktree,
  message: string,
  memory: SnapshotMemory,
): Promise<Snapshot | undefined> {
  try {
    const gitDirectory = await gitDirectoryOf(worktree.path);
    return gitDirectory === undefined ? undefined : await attempt(worktree, gitDirectory, message, memory);
  } catch (error) {
    if (error instanceof CorralError && error.code !== 'GIT_FAILED') throw error;
    return undefined;
  }
}

async function attempt(
  worktree: SessionWorktree,
  gitDirectory: string,
  message: string,
  memory: SnapshotMemory,
): Promise<Snapshot | undefined> {
  const { repository, path, signal } = worktree;
  const { git, commonDirectory } = repository;
  const { last } = memory;
  memory.last = undefined;
  const [files, indexStamp, format] = await Promise.all([
    readSurroundingFiles(worktree, gitDirectory),
    stampIndex(gitDirectory),
    objectFormatOf(commonDirectory),
  ]);
  if (indexStamp === undefined) return undefined;
  const isIndexKnown = last?.indexStamp === indexStamp;
  if (!isIndexKnown && !isPlain(await readFile(join(gitDirectory, 'index')), format)) return undefined;
  const areFilesSame = last?.files.others === files?.others && last?.files.snapshotRef === files?.snapshotRef;
  const surroundings =
    last !== undefined && areFilesSame ? last.surroundings : await readSurroundings(worktree, gitDirectory);
  const { settings, before } = surroundings;
  if (before === undefined || before.filtered !== undefined) return undefined;
  const differences = isIndexKnown && last.surroundings.before?.commit === before.commit ? last.differences : undefined;
  const add = async (isolated: IsolatedGit): Promise<Snapshot | undefined> => {
    if (isolated.mayConvert) return undefined;
    const place = { path, format, traits: await diskTraitsOf(path, gitDirectory) };
    const found = await findChangedFiles(isolated, place, { tree: before.tree, differences });
    if (found === undefined || (await stampIndex(gitDirectory)) !== indexStamp) return undefined;
    const snapshot = await addChanges(isolated, worktree, message, found.changed, { ...surroundings, before });
    memory.last = files && {
      files: snapshot.changed ? { ...files, snapshotRef: snapshot.commit } : files,
      surroundings: { ...surroundings, before: snapshot.changed ? asBefore(snapshot, surroundings) : before },
      indexStamp,
      differences: found.differences,
    };
    return snapshot;
  };
  const place = { git, path, gitDirectory, commonDirectory, signal };
  return await withIsolatedPlace(place, add, { settings, isIndexInPlace: true });
}

/** A snapshot that was just taken, as the next one reads it. */
function asBefore({ commit, tree }: Snapshot, { head, branch }: Surroundings): SnapshotCommit {
  const nothing = { index: undefined, raw: undefined, attributes: undefined, filtered: undefined };
  return { commit, tree, isSnapshot: true, head, branch, ...nothing };
}

/** Differs after each write. Undefined where there is no index, and for one of the future, which hides changes. */
async function stampIndex(gitDirectory: string): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ctimeNs, ino, mtimeMs } = await stat(join(gitDirectory, 'index'), { bigint: true });
    return mtimeMs > Date.now() ? undefined : [size, mtimeNs, ctimeNs, ino].join(' ');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function addChanges(
  git: IsolatedGit,
  { repository, sessionId }: SessionWorktree,
  message: string,
  changed: readonly ChangedFile[],
  { before, head, branch }: Surroundings & { before: SnapshotCommit },
): Promise<Snapshot> {
  const nothing = { notCaptured: [], filtered: [] };
  if (changed.length === 0 && before.head === head)
    return { commit: before.commit, tree: before.tree, changed: false, ...nothing };
  const movedHead = head !== undefined && head !== before.head ? [head] : [];
  const parents = [...new Set([before.commit, ...movedHead])];
  const { commit, tree } = await importCommit(git, { parents, message, head, branch }, changed);
  await storeBorrowedObjects(git, repository.commonDirectory, commit, [before.commit]);
  await moveSnapshotRef(repository, sessionId, commit, before.commit);
  return { commit, tree, changed: true, ...nothing };
}
