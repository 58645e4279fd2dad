import type * as v from 'valibot';
import { runWithNode } from '../../../common/processes/nodeProcess';
import { makeDirectory } from '../../../storage/journal/durableFile';
import { Git } from '../../git/git';
import { findRepository } from '../../git/repository';
import { readSnapshot } from '../../git/snapshots/snapshotRef';
import { copySnapshot } from '../../git/worktrees/uncommittedChanges';
import { createWorktree, planWorktree, rollbackCreation } from '../../git/worktrees/worktreeCreation';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { hostWorktreeSchema } from '../../hostProtocol/sessionRequests';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { storePaths } from './hostStore';
import { withRepositoryLock } from './repositoryLock';

/**
 * Makes a session's worktree as on the user's own computer.
 * @throws CorralError as `createWorktree`, and CONFLICT where somebody worked in it already
 */
export async function makeWorktree(
  request: HostRequestOf<'makeWorktree'>,
): Promise<v.InferOutput<typeof hostWorktreeSchema>> {
  const { storeId, sessionId, title, baseCommit, snapshot } = request;
  const paths = storePaths(storeId);
  await makeDirectory(paths.session(sessionId).runs);
  const repository = await findRepository(new Git(runWithNode), request.repository);
  const planned = {
    ...planWorktree(repository, { storeId, sessionId }, 'inside', title),
    inTurn: async (make: () => Promise<void>) => await withRepositoryLock(repository.mainWorktree, make),
  };
  return await withWorktreeLock(paths, sessionId, async () => {
    await rollbackCreation(planned, baseCommit); // a link may have been lost after it was made
    const worktree = await createWorktree(planned, baseCommit);
    try {
      if (snapshot !== undefined) await copySnapshot(worktree, baseCommit, await readSnapshot(repository, snapshot));
    } catch (error) {
      await rollbackCreation(worktree, baseCommit);
      throw error;
    }
    await makeDirectory(paths.session(sessionId).filtered);
    return { path: worktree.path };
  });
}
