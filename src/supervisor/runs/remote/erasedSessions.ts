/** Sessions that were erased here while their host was away. */
import { messageOf } from '../../../common/errors';
import { emptySession, type SessionFacts } from '../../../storage/sessionFacts';
import { hostOfRun } from '../../../storage/sessionState';
import { forgetRemains, listRemains, recordRemains, type Remains } from '../../../storage/store/remains';
import { exists } from '../../git/worktreeOwnership';
import { withLock } from '../../system/locks';
import { cancelRun, endRun, endServers } from './hostRuns';
import type { OpenHost } from './hostStores';
import { atPlace } from './places/leftRuns';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';
import { deleteRefsHere, RemoteWorktree } from './remoteWorktree';

type ErasingOptions = RemoteRunsOptions & { remoteRuns: RemoteRuns };

/** Keeps what is to be erased on the session's host, and deletes the refs here that hold its work. */
export async function eraseLater({ store, git, remoteRuns }: ErasingOptions, session: SessionFacts): Promise<void> {
  const { sessionId, baseCommit, repository, commonDirectory, host, runs } = session;
  if (host === undefined) return;
  const facts = { sessionId, baseCommit, repository, host };
  await recordRemains(store.paths, {
    ...facts,
    ...(commonDirectory === undefined ? {} : { commonDirectory }),
    runIds: runs.filter((run) => hostOfRun(session, run)?.name === host.name).map(({ runId }) => runId),
  });
  await deleteRefsHere({ git }, facts);
  await remoteRuns.mirrors.end({ ...emptySession(sessionId), runs });
}

/** As `eraseLater`, for all other hosts on which the session worked or to which a move had begun. */
export async function eraseLaterWhereItWas(options: ErasingOptions, facts: SessionFacts): Promise<void> {
  for (const place of facts.formerPlaces ?? [])
    if ('host' in place && place.host.name !== facts.host?.name) await eraseLater(options, atPlace(facts, place.host));
}

/** Erases all that erased sessions have left on hosts that are connected now. To others it begins to connect. */
export async function eraseRemains(options: ErasingOptions): Promise<void> {
  const { store, log } = options;
  // Two at once would fetch what the other one has just erased.
  await withLock(store.paths.remains, async () => {
    for (const remains of await listRemains(store.paths))
      await eraseOne(options, remains).catch((error: unknown) => {
        log.warn(`Erasing session ${remains.sessionId} on “${remains.host.name}”: ${messageOf(error)}`);
      });
  });
}

async function eraseOne(options: ErasingOptions, remains: Remains): Promise<void> {
  const { store, remoteRuns } = options;
  const { sessionId } = remains;
  if (await exists(store.paths.session(sessionId).root)) return; // whoever was erasing it ended before that
  const facts: SessionFacts = { ...emptySession(sessionId), ...remains, worktree: 'onHost' };
  const open = await remoteRuns.stores.find(facts);
  if (open === undefined) return;
  await eraseThere(options, open, facts, remains);
  await forgetRemains(store.paths, remains);
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
