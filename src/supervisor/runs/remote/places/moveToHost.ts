import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../../storage/errors';
import { hasWorktree, isOpen, workingAgent } from '../../../../storage/sessionState';
import type { SessionFacts } from '../../../../storage/sessionFacts';
import { sayWhatDoesNotGo, whatDoesNotGo } from '../../../hosts/work/whatDoesNotGo';
import { keeperOf } from '../../../lifecycle/removal/localWorktree';
import { withWorktreeLock } from '../../../lifecycle/worktreeLock';
import { worktreeOf, type LifecycleOptions } from '../../../lifecycle/worktreeOf';
import { requireSession, requireStopped } from '../../../sessions/sessionErrors';
import { requireFit } from '../hostFitness';
import { placeOnHost, type OpenHost } from '../hostStores';
import { requireAgentThere } from '../queueRemoteRun';
import { withKnownErrors } from '../remoteWorktree';
import { openFarRepository, sendWorktree } from '../sendWorktree';
import { showHost } from '../shownHost';
import { carryTranscript, type CarryOptions } from './carryTranscript';

/**
 * Makes a stopped session one of the host: its worktree there is made of a snapshot that is taken first, and what its
 * agent keeps of it goes along where that is possible. The worktree that it has now stays.
 * @returns what people should know of it, in sentences
 * @throws CorralError RUNNING; CONFLICT where it works there already, or has work there that parted from it; HOST_… of
 * either host; or as `requireFit`
 */
export async function moveToHost(
  options: CarryOptions & LifecycleOptions,
  host: OpenHost,
  sessionId: string,
): Promise<string[]> {
  const { store } = options;
  await requireFit(options, host);
  return await withWorktreeLock(store.paths, sessionId, async (stillOwner) => {
    const facts = await requireSession(store, sessionId);
    requireMovable(facts, host);
    await requireAgentThere(host, workingAgent(facts), options.settings());
    const { commit: last } = await (await keeperOf(options, facts)).takeSnapshot();
    const { repository } = await worktreeOf(options, facts);
    const far = await openFarRepository(options, host, repository);
    const place = placeOnHost(options.hosts, host);
    await stillOwner();
    await store.append(sessionId, () => ({ kind: 'moving.to.host', data: { host: place } }));
    const sending = sendWorktree(options, host, { repository, far }, facts, { commit: last, files: { last } });
    const { place: worktree, notSent } = await withKnownErrors(sending);
    const carried = await carryTranscript(options, facts, { host, worktreePath: worktree.path });
    await stillOwner();
    await store.append(sessionId, (now) => {
      requireMovable(now, host);
      return { kind: 'moved.to.host', data: { host: place, ...worktree, ...carried } };
    });
    showHost(options.model, sessionId, host.connection.state); // what was shown was of another one
    const missing = sayWhatDoesNotGo(await whatDoesNotGo(repository, facts.baseCommit));
    return [...(missing === '' ? [] : [missing]), ...notSent];
  });
}

function requireMovable(facts: SessionFacts, { name }: OpenHost): void {
  requireStopped(facts.runs.find(isOpen));
  if (facts.host?.name === name)
    throw new CorralError('CONFLICT', l10n.t('This session works on the host “{name}” already.', { name }));
  if (!hasWorktree(facts))
    throw new CorralError('WORKTREE_MISSING', l10n.t('The worktree of this session was removed. Restore it first.'));
}
