import type { SessionFacts } from '../../../storage/sessionFacts';
import type { Repository } from '../../git/repository';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import { hostWorktreeSchema } from '../../hostProtocol/sessionRequests';
import { hostRepositoryPath, openHostRepository } from '../../hosts/work/hostRepository';
import { pushBase } from '../../hosts/work/pushBase';
import type { HostRepository } from '../../hosts/work/workHost';
import { takenPorts } from '../../sessions/takenPorts';
import type { RunStarterOptions } from '../runStarter';
import { carryIncluded } from './carryIncluded';
import type { OpenHost } from './hostStores';
import { sendKeptFiles } from './keptFiles';
import { workHostOf } from './remoteWork';

export interface SentWorktree {
  /** Where the worktree is there, its repository, and the session's first port there, as records name them. */
  place: { path: string; repository: string; port: number };
  /** What did not go along, in sentences. */
  notSent: string[];
}

/** The repository on the host for sessions of this one, made where it is not there. Throws as `openHostRepository`. */
export async function openFarRepository(
  { store, bundles }: Pick<RunStarterOptions, 'store' | 'bundles'>,
  host: OpenHost,
  repository: Repository,
): Promise<HostRepository> {
  const { storeId } = store;
  const path = hostRepositoryPath(host.store.root, storeId, repository);
  return await openHostRepository(workHostOf(host, bundles), path, { storeId, repository });
}

/**
 * Pushes the commit to the host, and has the session's worktree made there: with `files` as its request describes them.
 * @throws CorralError as `pushBase` and `HostConnection.ask`
 */
export async function sendWorktree(
  { store, model, ...options }: Pick<RunStarterOptions, 'store' | 'model' | 'consents' | 'worktreeSettings'>,
  host: OpenHost,
  { repository, far }: { repository: Repository; far: HostRepository },
  { sessionId, title, baseCommit }: Pick<SessionFacts, 'sessionId' | 'title' | 'baseCommit'>,
  { commit, files }: { commit: string; files: Pick<HostRequestOf<'makeWorktree'>, 'snapshot' | 'last'> },
): Promise<SentWorktree> {
  await pushBase(far, repository, { sessionId, commit });
  const snapshot = files.snapshot ?? files.last;
  if (snapshot !== undefined) await sendKeptFiles(store, host, repository, snapshot);
  const request: HostRequestOf<'makeWorktree'> = {
    request: 'makeWorktree',
    storeId: store.storeId,
    sessionId,
    repository: far.path,
    title,
    baseCommit,
    takenPorts: [...takenPorts(model, host.name)],
    ...files,
  };
  const { path, port } = await host.connection.ask(request, hostWorktreeSchema);
  const worktree = { path, repository: far.path };
  const notSent = await carryIncluded({ store, ...options }, host, sessionId, repository, worktree);
  return { place: { ...worktree, port }, notSent };
}
