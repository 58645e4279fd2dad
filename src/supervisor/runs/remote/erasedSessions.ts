/** Sessions that were erased here while their host was away. */
import { messageOf } from '../../../common/errors';
import { emptySession, type SessionFacts } from '../../../storage/sessionFacts';
import { forgetRemains, listRemains, recordRemains, type Remains } from '../../../storage/store/remains';
import { exists } from '../../git/worktreeOwnership';
import { cancelRun, endRun, endServers } from './hostRuns';
import type { OpenHost } from './hostStores';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';
import { deleteRefsHere, RemoteWorktree } from './remoteWorktree';

type ErasingOptions = RemoteRunsOptions & { remoteRuns: RemoteRuns };

/** Keeps what is to be erased on the session's host, and deletes the refs here that hold its work. */
export async function eraseLater(
  { store, git, remoteRuns }: ErasingOptions,
  { sessionId, baseCommit, repository, commonDirectory, host, runs }: SessionFacts,
): Promise<void> {
  if (host === undefined) return;
  const facts = { sessionId, baseCommit, repository, host };
  await recordRemains(store.paths, {
    ...facts,
    ...(commonDirectory === undefined ? {} : { commonDirectory }),
    runIds: runs.filter(({ formerPlace }) => formerPlace === undefined).map(({ runId }) => runId),
  });
  await deleteRefsHere({ git }, facts);
  await remoteRuns.mirrors.end({ ...emptySession(sessionId), runs });
}

/** Erases all that erased sessions have left on hosts that are connected now. To others it begins to connect. */
export async function eraseRemains(options: ErasingOptions): Promise<void> {
  const { store, remoteRuns, log } = options;
  for (const remains of await listRemains(store.paths)) {
    const { sessionId, host } = remains;
    const facts: SessionFacts = { ...emptySession(sessionId), ...remains, worktree: 'onHost' };
    try {
      if (await exists(store.paths.session(sessionId).root)) continue; // whoever was erasing it ended before that
      const open = await remoteRuns.stores.find(facts);
      if (open === undefined) continue;
      await eraseThere(options, open, facts, remains);
      await forgetRemains(store.paths, sessionId);
    } catch (error) {
      log.warn(`Erasing session ${sessionId} on “${host.name}”: ${messageOf(error)}`);
    }
  }
}

/** Its work was not to be kept, so that of its trash only that stays which no snapshot can hold. */
async function eraseThere(
  options: ErasingOptions,
  host: OpenHost,
  facts: SessionFacts,
  { sessionId, runIds }: Remains,
): Promise<void> {
  const { storeId } = options.store;
  const graceMs = options.settings().stopGraceMs;
  for (const runId of runIds) {
    await cancelRun(host, { storeId, sessionId, runId }, 'Its session was erased.');
    await endRun(host, { storeId, sessionId, runId }, graceMs);
  }
  await endServers(host, { storeId, sessionId }, graceMs);
  const worktree = new RemoteWorktree(options, host, facts);
  await worktree.remove();
  await worktree.erase();
}
