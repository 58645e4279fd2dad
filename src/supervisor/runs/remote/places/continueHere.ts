import * as l10n from '@vscode/l10n';
import { settledWithin } from '../../../../common/settledWithin';
import { CorralError } from '../../../../storage/errors';
import { makeDirectory } from '../../../../storage/journal/durableFile';
import type { SessionFacts } from '../../../../storage/sessionFacts';
import { currentRun, hasWorktree, isOpen, pathLeftHere } from '../../../../storage/sessionState';
import { findRepository } from '../../../git/repository';
import { exists } from '../../../git/worktreeOwnership';
import { planWorktree } from '../../../git/worktrees/worktreeCreation';
import { takeUpWorktree, wantedFiles } from '../../../lifecycle/removal/localWorktree';
import { withWorktreeLock } from '../../../lifecycle/worktreeLock';
import { worktreeOf } from '../../../lifecycle/worktreeOf';
import { takenPorts } from '../../../sessions/takenPorts';
import { freePorts } from '../../../system/ports';
import type { RemoteRuns, RemoteRunsOptions } from '../remoteRuns';
import { RemoteWorktree } from '../remoteWorktree';
import { carryTranscript } from './carryTranscript';
import { atPlace } from './leftRuns';

/** For the last bytes and the last snapshot of a run that was stopped for it. */
const LAST_WORK_LIMIT_MS = 60_000;

/**
 * Makes a session on a host one of this computer, with its worktree here. Where its host is connected, `stop` ends its
 * run there first and what its agent keeps of the session comes along; otherwise its run ends once it is.
 * @throws CorralError CONFLICT where it works here already, or has no worktree there; TIMEOUT where its last work did
 * not come; or as `takeUpWorktree` and `WorktreeKeeper.takeSnapshot`
 */
export async function continueHere(
  options: RemoteRunsOptions & { remoteRuns: RemoteRuns },
  sessionId: string,
  { isConnected, stop }: { isConnected: boolean; stop: () => Promise<void> },
): Promise<void> {
  const { store, model, git, remoteRuns, worktreeSettings } = options;
  const facts = model.facts(sessionId);
  const run = currentRun(facts);
  if (isConnected && run !== undefined && run.formerPlace === undefined) {
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
    if (isConnected) await bringLastFiles(options, now);
    const { title } = now;
    const repository = await findRepository(git, now.repository);
    const { worktreesLocation } = worktreeSettings(repository.mainWorktree);
    const planned = planWorktree(repository, { storeId: store.storeId, sessionId }, worktreesLocation, title);
    const left = pathLeftHere(now);
    const worktreePath = left !== undefined && (await exists(left)) ? left : planned.path;
    const here = atPlace({ ...now, worktreePath }, undefined);
    const wanted = wantedFiles(worktreeSettings(repository.mainWorktree));
    await makeDirectory(store.paths.session(sessionId).filtered);
    await takeUpWorktree(await worktreeOf({ git, store }, here), wanted);
    const carried = isConnected ? await carryTranscript(options, now, { worktreePath }) : {};
    const port = await freePorts(takenPorts(model));
    await stillOwner();
    await store.append(sessionId, (last) => {
      const open = last.runs.find(isOpen);
      const openRun = open === undefined ? {} : { openRun: open.runId };
      const data = { worktreePath, port, ...openRun, ...carried };
      return last.host === undefined ? undefined : { kind: 'continued.here', data };
    });
  });
}

/** Those that a person changed there, too. Where they cannot come, the next call goes on without them. */
async function bringLastFiles(
  options: RemoteRunsOptions & { remoteRuns: RemoteRuns },
  facts: SessionFacts,
): Promise<void> {
  const { model, remoteRuns } = options;
  const host = await remoteRuns.stores.connected(facts);
  const isTold = model.live(facts.sessionId).workProblem !== undefined;
  try {
    await new RemoteWorktree(options, host, facts).takeSnapshot();
  } catch (error) {
    if (!(error instanceof CorralError) || error.code === 'HOST_UNREACHABLE') throw error;
    if (isTold || error.code === 'WORKTREE_MISSING') return;
    model.setWorkProblem(facts.sessionId, error.message);
    throw error;
  }
}
