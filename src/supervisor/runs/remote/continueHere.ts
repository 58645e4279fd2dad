import * as l10n from '@vscode/l10n';
import { settledWithin } from '../../../common/settledWithin';
import { CorralError } from '../../../storage/errors';
import { currentRun, isOpen } from '../../../storage/sessionState';
import { findRepository } from '../../git/repository';
import { planWorktree } from '../../git/worktrees/worktreeCreation';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { closeRun } from '../closeRun';
import type { RemoteRuns, RemoteRunsOptions } from './remoteRuns';

/** For the last bytes and the last snapshot of a run that was stopped for it. */
const LAST_WORK_LIMIT_MS = 60_000;

/**
 * Makes a session on a host one of this computer; its worktree is to be restored then. Its run there is ended by `stop`
 * where its host is connected, and otherwise once it is.
 * @throws CorralError CONFLICT where it works here already; TIMEOUT where its last work did not come
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
        l10n.t('The last work of this session did not come here from its host in time.'),
      );
  }
  await withWorktreeLock(store.paths, sessionId, async (stillOwner) => {
    const now = await store.sync(sessionId);
    if (now?.host === undefined || now.worktree !== 'onHost')
      throw new CorralError('CONFLICT', l10n.t('This session works on this computer already.'));
    const { title, host } = now;
    const repository = await findRepository(git, now.repository);
    const { worktreesLocation } = worktreeSettings(repository.mainWorktree);
    const { path } = planWorktree(repository, { storeId: store.storeId, sessionId }, worktreesLocation, title);
    const open = currentRun(now);
    await stillOwner();
    if (open !== undefined)
      await closeRun(store, { sessionId, runId: open.runId }, () => ({
        outcome: 'interrupted',
        restored: false,
        evidence: `The session went on here, while nobody could tell how this run was on “${host.name}”.`,
      }));
    await store.append(sessionId, (last) =>
      last.host === undefined ? undefined : { kind: 'continued.here', data: { worktreePath: path } },
    );
  });
}
