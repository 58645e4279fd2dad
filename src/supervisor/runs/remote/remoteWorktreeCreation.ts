import * as l10n from '@vscode/l10n';
import { CorralError } from '../../../storage/errors';
import type { SessionFacts } from '../../../storage/sessionFacts';
import { hasWorktree } from '../../../storage/sessionState';
import { moveSnapshotRef, readSnapshotRef, snapshotRefName } from '../../git/snapshots/snapshotRef';
import { commitUncommittedChanges } from '../../git/worktrees/uncommittedChanges';
import type { Repository } from '../../git/repository';
import type { HostRepository } from '../../hosts/work/workHost';
import { sayWhatDoesNotGo, whatDoesNotGo } from '../../hosts/work/whatDoesNotGo';
import { notCopiedNotice } from '../../lifecycle/agentFolder';
import { findStart, type Start } from '../../lifecycle/newWorktree';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { worktreeOf } from '../../lifecycle/worktreeOf';
import { requireSession } from '../../sessions/sessionErrors';
import type { RunStarterOptions } from '../runStarter';
import type { OpenHost } from './hostStores';
import { addNotices } from './queueRemoteRun';
import { openFarRepository, sendWorktree } from './sendWorktree';

export interface WorktreeContent {
  repository: Repository;
  /** That of the host. */
  far: HostRepository;
  start: Start;
  /** Those of the repository's folder, where the session starts from HEAD. */
  includeChanges: boolean;
}

/**
 * Pushes what the session starts from, has its worktree made on the host, and records that; the worktree's lock is
 * held. Answers with what people should know of it, in sentences.
 */
export async function makeRemoteWorktree(
  options: Pick<RunStarterOptions, 'store' | 'model' | 'consents' | 'worktreeSettings'>,
  host: OpenHost,
  { sessionId, title }: Pick<SessionFacts, 'sessionId' | 'title'>,
  { repository, far, start, includeChanges }: WorktreeContent,
): Promise<string[]> {
  const { store } = options;
  const { snapshot, baseCommit } = start;
  const changes = includeChanges ? await commitUncommittedChanges(repository, baseCommit) : undefined;
  const carried = changes?.commit ?? (snapshot.isSnapshot ? snapshot.commit : undefined);
  const { place, notSent } = await sendWorktree(
    options,
    host,
    { repository, far },
    { sessionId, title, baseCommit },
    { commit: carried ?? baseCommit, files: carried === undefined ? {} : { snapshot: carried } },
  );
  const ref = await readSnapshotRef(repository, sessionId);
  if (ref === undefined) await moveSnapshotRef(repository, sessionId, baseCommit, undefined);
  else if (ref.commit !== baseCommit)
    throw new CorralError('CONFLICT', l10n.t('This session has work already, so its worktree cannot be made anew.'));
  const { leftOut = [], filtered = [] } = changes ?? {};
  await store.append(sessionId, () => ({
    kind: 'worktree.created.remote',
    data: { ...place, baseCommit, ...(leftOut.length === 0 ? {} : { notCopied: leftOut }) },
  }));
  const missing = sayWhatDoesNotGo(await whatDoesNotGo(repository, baseCommit));
  return [
    ...(missing === '' ? [] : [missing]),
    ...notSent,
    ...(leftOut.length === 0 ? [] : [notCopiedNotice(leftOut)]),
    ...(filtered.length === 0
      ? []
      : [
          l10n.t('Changed files that a filter of Git makes are there as before: {paths}.', {
            paths: filtered.join(', '),
          }),
        ]),
  ];
}

/** Makes the worktree of a session that had to wait for its base, as `makePlannedWorktree`, before its run there. */
export async function makePlannedOnHost(
  options: RunStarterOptions,
  host: OpenHost,
  sessionId: string,
  runId: string,
): Promise<SessionFacts> {
  const { store } = options;
  return await withWorktreeLock(store.paths, sessionId, async () => {
    const facts = await requireSession(store, sessionId);
    if (facts.planned === undefined || hasWorktree(facts)) return facts;
    const { repository } = await worktreeOf(options, facts);
    const start = await findStart(repository, snapshotRefName(facts.planned.baseSession));
    const far = await openFarRepository(options, host, repository);
    const content = { repository, far, start, includeChanges: false };
    const notices = await makeRemoteWorktree(options, host, facts, content);
    await addNotices(store.paths.session(sessionId).run(runId), notices);
    return await requireSession(store, sessionId);
  });
}
