import * as l10n from '@vscode/l10n';
import { settledWithin } from '../../../common/settledWithin';
import { CorralError } from '../../../storage/errors';
import { currentRun, hasWorktree, isOpen } from '../../../storage/sessionState';
import { findRepository } from '../../git/repository';
import { planWorktree } from '../../git/worktrees/worktreeCreation';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';

/** For the last bytes and the last snapshot of a run that was stopped for it. */
const LAST_WORK_LIMIT_MS = 60_000;

/**
 * Makes a session on a host one of this computer; its worktree is to be restored then. Its run there is ended by `stop`
 * where its host is connected, and otherwise once it is.
 * @throws CorralError CONFLICT where it works here already, or has no worktree there; TIMEOUT where its last work did
 * not come
 */
export async function continueHere(
  { store, model, git, remoteRuns, worktreeSettings }: RemoteRunsOptions & { remoteRuns: RemoteRuns },
  sessionId: string,
  { isConnected, stop }: { isConnected: boolean; stop: () => Promise<void> },
): Promise<void> {
  const facts = model.facts(sessionId);
  const run = currentRun(facts);
  if (isConnected && run !== undefined) {
    if (isOpen(run)) await stop();
    const { done } = await remoteRuns.mirrors.open(facts, run.runId);
    if (!(await settledWithin(done, LAST_WORK_LIMIT_MS)))
      throw new CorralError(
        'TIMEOUT',
        l10n.t('The last work of this session did not come here from its host in time. Its run is stopped. Try again.'),
      );
  }
  await withWorktreeLock(store.paths, sessionId, async (stillOwner) => {
    const now = await store.sync(sessionId);
    if (now?.host === undefined)
      throw new CorralError('CONFLICT', l10n.t('This session works on this computer already.'));
    if (!hasWorktree(now))
      throw new CorralError(
        'CONFLICT',
        l10n.t('This session has no worktree on “{host}” from which it could go on here.', { host: now.host.name }),
      );
    const { title } = now;
    const repository = await findRepository(git, now.repository);
    const { worktreesLocation } = worktreeSettings(repository.mainWorktree);
    const { path } = planWorktree(repository, { storeId: store.storeId, sessionId }, worktreesLocation, title);
    await stillOwner();
    await store.append(sessionId, (last) => {
      const open = last.runs.find(isOpen);
      const openRun = open === undefined ? {} : { openRun: open.runId };
      return last.host === undefined ? undefined : { kind: 'continued.here', data: { worktreePath: path, ...openRun } };
    });
  });
}
