import type * as v from 'valibot';
import { runWithNode } from '../../../common/processes/nodeProcess';
import { CorralError } from '../../../storage/errors';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { filterAccessWithoutPrograms } from '../../git/filters/filterAccess';
import { Git } from '../../git/git';
import { isAncestor, withObjects } from '../../git/isolated/isolatedGit';
import { findRepository } from '../../git/repository';
import type { SessionWorktree } from '../../git/sessionWorktree';
import { moveSnapshotRef, readSnapshot, readSnapshotRef } from '../../git/snapshots/snapshotRef';
import { copySnapshot } from '../../git/worktrees/uncommittedChanges';
import { createWorktree, planWorktree, rollbackCreation } from '../../git/worktrees/worktreeCreation';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { hostWorktreeSchema } from '../../hostProtocol/sessionRequests';
import { takeUpWorktree } from '../../lifecycle/removal/localWorktree';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { freePorts } from '../../system/ports';
import { storePaths } from './hostStore';
import { inTurnAt } from './repositoryLock';
import { findEntry } from './worktrees';

/**
 * Makes a session's worktree as on the user's own computer.
 * @throws CorralError as `createWorktree` or `takeUpWorktree`, and CONFLICT where somebody worked in it already, or the
 * session has work here that `last` does not follow
 */
export async function makeWorktree(
  request: HostRequestOf<'makeWorktree'>,
): Promise<v.InferOutput<typeof hostWorktreeSchema>> {
  const { storeId, sessionId, title, baseCommit, snapshot, last, takenPorts } = request;
  const port = await freePorts(new Set(takenPorts));
  const paths = storePaths(storeId);
  await makeDirectory(paths.session(sessionId).runs);
  const repository = await findRepository(new Git(runWithNode), request.repository);
  const planned = {
    ...planWorktree(repository, { storeId, sessionId }, 'inside', title),
    filters: filterAccessWithoutPrograms(paths),
    ...inTurnAt(repository),
  };
  return await withWorktreeLock(paths, sessionId, async () => {
    if (last !== undefined) {
      await makeDirectory(paths.session(sessionId).filtered);
      return { path: await takeUp((await findEntry(repository, planned)) ?? planned, last), port };
    }
    await rollbackCreation(planned, baseCommit); // a link may have been lost after it was made
    const worktree = await createWorktree(planned, baseCommit);
    try {
      if (snapshot !== undefined) await copySnapshot(worktree, baseCommit, await readSnapshot(repository, snapshot));
    } catch (error) {
      await rollbackCreation(worktree, baseCommit);
      throw error;
    }
    await makeDirectory(paths.session(sessionId).filtered);
    return { path: worktree.path, port };
  });
}

/** Of a session that worked here before, the ref and the worktree may be there. */
async function takeUp(worktree: SessionWorktree, last: string): Promise<string> {
  const { repository, sessionId } = worktree;
  const before = await readSnapshotRef(repository, sessionId);
  const isFollowed = async (commit: string): Promise<boolean> =>
    await withObjects(repository, async (git) => await isAncestor(git, commit, last));
  if (before !== undefined && !(await isFollowed(before.commit)))
    throw new CorralError(
      'CONFLICT',
      'Work of this session on this host has parted from it, so it cannot go on there. Start a new one there instead.',
    );
  if (before?.commit !== last) await moveSnapshotRef(repository, sessionId, last, before?.commit);
  await takeUpWorktree(worktree, { include: [], link: [] });
  return worktree.path;
}
