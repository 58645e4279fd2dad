/** What windows do with the worktrees of sessions on this host: by the same code as on a person's own computer. */
import { realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type * as v from 'valibot';
import { runWithNode } from '../../../common/processes/nodeProcess';
import { readdirIfExists } from '../../../common/readdirIfExists';
import { CorralError } from '../../../storage/errors';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { filterAccessWithoutPrograms } from '../../git/filters/filterAccess';
import { Git } from '../../git/git';
import { findRepository, type Repository } from '../../git/repository';
import { administrativeDirectoryOf, type SessionWorktree, type WorktreeOwnership } from '../../git/sessionWorktree';
import { deleteSnapshotRef, moveSnapshotRef, readSnapshotRef } from '../../git/snapshots/snapshotRef';
import { inspectWorktree, isOwnedBy, locateWorktree } from '../../git/worktreeOwnership';
import { removeFolder } from '../../git/worktrees/emptyFolder';
import { placeIncludedFile } from '../../git/worktrees/includedFiles';
import { purgeTrash } from '../../git/worktrees/purgeTrash';
import { forgetEntry } from '../../git/worktrees/retiredEntry';
import { planWorktree, rollbackCreation } from '../../git/worktrees/worktreeCreation';
import { removeIfEmpty } from '../../git/worktrees/worktreeFolder';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { baseRefName, type worktreeAnswers } from '../../hostProtocol/sessionRequests';
import { LocalWorktree } from '../../lifecycle/removal/localWorktree';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { removeErased, takeFolderAway } from '../../sessions/sessionErasure';
import { storePaths } from './hostStore';
import { inTurnAt } from './repositoryLock';

type WorktreeRequest = HostRequestOf<'worktree'>;
type WorktreeAnswer = v.InferOutput<(typeof worktreeAnswers)[WorktreeRequest['action']]>;

/**
 * Does what a `WorktreeKeeper` can do.
 * @throws CorralError as its methods, and WORKTREE_MISSING where the repository is gone
 */
export async function changeWorktree(request: WorktreeRequest): Promise<WorktreeAnswer> {
  const { storeId, sessionId, path, baseCommit, action } = request;
  const repository = await repositoryAt(request.repository);
  if (repository === undefined)
    throw new CorralError('WORKTREE_MISSING', `There is no repository in ${request.repository}.`);
  const paths = storePaths(storeId);
  const worktree = {
    ...{ repository, storeId, sessionId, path, filters: filterAccessWithoutPrograms(paths) },
    ...inTurnAt(repository),
  };
  const keeper = new LocalWorktree(worktree, { baseCommit, wanted: { include: [], link: [] } });
  if (action === 'isInPlace') return await keeper.isInPlace();
  if (action === 'summarize') return (await keeper.summarize()) ?? null;
  await makeDirectory(paths.session(sessionId).filtered);
  return await withWorktreeLock(paths, sessionId, async () => {
    switch (action) {
      case 'remove':
        return (await keeper.remove()) ?? null;
      case 'restore':
        await takeBack(repository, request);
        await keeper.restore();
        return null;
      case 'emptyTrash':
        return await keeper.emptyTrash();
      case 'takeSnapshot': {
        const { commit, changed } = await keeper.takeSnapshot();
        return { commit, changed };
      }
      case 'putBack':
        return await keeper.putBack(request.commit ?? baseCommit);
    }
  });
}

/** Puts an ignored file into the session's worktree. Throws as `changeWorktree`. */
export async function putIncluded(request: HostRequestOf<'putIncluded'>, content: Readable): Promise<void> {
  const { storeId, sessionId, path, file, isExecutable } = request;
  const bytes = await buffer(content);
  const repository = await repositoryAt(request.repository);
  if (repository === undefined || (await inspectWorktree({ repository, storeId, sessionId, path })).state !== 'ours')
    throw new CorralError('WORKTREE_MISSING', `There is no worktree of this session in ${path}.`);
  await placeIncludedFile(path, file, { content: bytes, isExecutable });
}

/** The session's ref is at the commit that the window has pushed, where there is no such ref any more. */
async function takeBack(repository: Repository, { sessionId, commit }: WorktreeRequest): Promise<void> {
  if (commit !== undefined && (await readSnapshotRef(repository, sessionId)) === undefined)
    await moveSnapshotRef(repository, sessionId, commit, undefined);
}

/**
 * Removes all that is here of a session, but for what lies in the trash since no snapshot can hold it.
 * @throws CorralError CONFLICT where somebody worked in its worktree, which is in its place
 */
export async function eraseSession(request: HostRequestOf<'eraseSession'>): Promise<void> {
  const { storeId, sessionId, baseCommit = '' } = request;
  const paths = storePaths(storeId);
  await makeDirectory(paths.session(sessionId).runs);
  await withWorktreeLock(paths, sessionId, async () => {
    const repository = await repositoryAt(request.repository);
    if (repository !== undefined) await eraseFromRepository(repository, { storeId, sessionId }, baseCommit);
    await takeFolderAway(paths, sessionId);
  });
  await removeErased(paths);
}

async function eraseFromRepository(
  repository: Repository,
  ownership: WorktreeOwnership,
  baseCommit: string,
): Promise<void> {
  const { sessionId } = ownership;
  const worktree = await findEntry(repository, ownership);
  if (worktree !== undefined) {
    const { place } = await locateWorktree(worktree);
    if (place === 'trash') await purgeTrash(worktree); // the window may have ended before it was emptied
    if (place === 'worktree') await rollbackCreation(worktree, baseCommit);
    if (place === 'missing') await removeFolder(administrativeDirectoryOf(worktree));
  }
  await removeClaimedFolder(repository, ownership);
  await deleteSnapshotRef(repository, sessionId);
  await repository.git.run(repository.mainWorktree, ['update-ref', '-d', baseRefName(sessionId)]);
  await forgetEntry(repository, sessionId);
}

/** An empty folder, in which git was to make the worktree when this machine was started anew. */
async function removeClaimedFolder(repository: Repository, ownership: WorktreeOwnership): Promise<void> {
  const folder = dirname(planWorktree(repository, ownership, 'inside').path);
  for (const name of await readdirIfExists(folder))
    if (name.endsWith(ownership.sessionId)) await removeIfEmpty(join(folder, name));
}

/** The session's worktree as git knows it, whatever the window was told of it; undefined where git knows none. */
export async function findEntry(
  repository: Repository,
  ownership: WorktreeOwnership,
): Promise<SessionWorktree | undefined> {
  const planned = {
    ...planWorktree(repository, ownership, 'inside'),
    filters: filterAccessWithoutPrograms(storePaths(ownership.storeId)),
  };
  const entries = join(repository.commonDirectory, 'worktrees');
  for (const name of await readdirIfExists(entries))
    if (await isOwnedBy(join(entries, name), ownership)) return { ...planned, path: join(dirname(planned.path), name) };
  return undefined;
}

/** Undefined where it was removed by hand, or nothing is in it. */
async function repositoryAt(path: string): Promise<Repository | undefined> {
  try {
    const found = await findRepository(new Git(runWithNode), path);
    // Where its git dir is gone, git finds the one of a folder above.
    return found.mainWorktree === (await realpath(path)) ? found : undefined;
  } catch (error) {
    if (error instanceof CorralError && ['NO_FOLDER', 'NO_REPOSITORY', 'NO_COMMIT'].includes(error.code))
      return undefined;
    throw error;
  }
}
