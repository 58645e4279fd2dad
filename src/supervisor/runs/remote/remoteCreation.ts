import { rm } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { pathOf } from '../../../common/folderPath';
import { messageOf } from '../../../common/errors';
import type { AttachmentReference } from '../../../storage/attachments';
import { CorralError } from '../../../storage/errors';
import { newId } from '../../../storage/ids';
import { issueReferenceSchema } from '../../../storage/issueReference';
import { settleAttachments, stageAttachments } from '../../../storage/journal/attachmentFiles';
import { makeDirectory } from '../../../storage/journal/durableFile';
import type { DraftSessionRecord } from '../../../storage/sessionRecords';
import type { SessionRequest } from '../../api';
import { findRepository, type Repository } from '../../git/repository';
import { readRemotes } from '../../git/review/remotes';
import { newAttachmentsOf } from '../../lifecycle/newAttachments';
import { findBaseSession } from '../../lifecycle/sessionCreation';
import { findStart, requireStartAtHead } from '../../lifecycle/newWorktree';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { eraseSession, removeErased } from '../../sessions/sessionErasure';
import { requireSession } from '../../sessions/sessionErrors';
import { titleOf } from '../../sessions/sessionTitle';
import type { RunStarterOptions } from '../runStarter';
import { requireFit, type FitnessOptions } from './hostFitness';
import { placeOnHost, type OpenHost } from './hostStores';
import { queueRemoteRun, requireAgentThere } from './queueRemoteRun';
import { RemoteWorktree } from './remoteWorktree';
import { makeRemoteWorktree } from './remoteWorktreeCreation';
import { openFarRepository } from './sendWorktree';

/**
 * Makes a session with its worktree on a host, records its first run, and answers with its id. Where that fails,
 * nothing of it is left, here and there.
 * @throws HOST_FAILED HOST_UNREACHABLE, as `requireFit`, or as `SessionCreator.create`
 */
export async function createRemoteSession(
  options: RunStarterOptions & FitnessOptions,
  host: OpenHost,
  request: SessionRequest,
): Promise<string> {
  const { git, store } = options;
  if (request.issue !== undefined && !v.is(issueReferenceSchema, request.issue))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('The issue of the session is not described as it has to be.'));
  const sessionId = newId();
  const settings = options.settings();
  const files = await newAttachmentsOf(store.paths, request.attachments);
  const repository = await findRepository(git, pathOf(request.repository));
  const dependsOn = [...new Set(request.dependsOn)];
  const baseSession = await findBaseSession(store, repository, request.base, dependsOn);
  const start = baseSession === undefined ? await findStart(repository, request.base ?? 'HEAD') : undefined;
  const { includeChanges = false } = request;
  if (includeChanges) await requireStartAtHead(repository, start);
  const title = request.title?.trim() || titleOf(request.prompt);
  const remotes = await readRemotes(repository);
  const asked = [
    requireFit(options, host),
    requireAgentThere(host, { name: request.agent, argv: request.argv }, settings),
    openFarRepository(options, host, repository),
  ] as const;
  await Promise.allSettled(asked);
  const [, , far] = await Promise.all(asked); // of several reasons, the first of these is told
  const place = placeOnHost(options.hosts, host);
  const created = (attachments: AttachmentReference[]): DraftSessionRecord => {
    const data = {
      ...describe(request, repository),
      ...(attachments.length === 0 ? {} : { attachments }),
      title,
      baseCommit: start?.baseCommit ?? '',
      ...(dependsOn.length === 0 ? {} : { dependsOn }),
      ...(baseSession === undefined ? {} : { planned: { baseSession, location: 'inside', include: [] } }),
      permissionMode:
        request.permissionMode ?? settings.agents[request.agent]?.permissionMode ?? settings.permissionMode,
      remotes,
    };
    return place.kind === 'slurm'
      ? { kind: 'created.job', data: { ...data, host: place } }
      : { kind: 'created.remote', data: { ...data, host: place } };
  };
  const paths = store.paths.session(sessionId);
  const progress = { hasBegun: false };
  try {
    await makeDirectory(paths.runs);
    await withWorktreeLock(store.paths, sessionId, async () => {
      progress.hasBegun = true;
      try {
        const attachments = await stageAttachments(paths, files);
        await store.begin(sessionId, created(attachments));
        await settleAttachments(paths, attachments);
        const notices =
          start === undefined
            ? []
            : await makeRemoteWorktree(options, host, { sessionId, title }, { repository, far, start, includeChanges });
        const facts = await requireSession(store, sessionId);
        await queueRemoteRun(options, facts, { sessionId, prompt: request.prompt, attachments, notices });
      } catch (error) {
        await discardRemoteSession(options, host, sessionId, error);
        throw error;
      }
    });
  } catch (error) {
    if (!progress.hasBegun) await rm(paths.root, { recursive: true, force: true });
    throw error;
  }
  return sessionId;
}

function describe(request: SessionRequest, { mainWorktree, commonDirectory, ...place }: Repository) {
  const isLinked = !place.hasMainWorktree || place.checkout !== mainWorktree;
  return {
    prompt: request.prompt,
    agent: request.agent,
    repository: mainWorktree,
    commonDirectory,
    worktreePath: '',
    ...(isLinked ? { checkout: place.checkout } : {}),
    ...(place.subfolder === '' ? {} : { subfolder: place.subfolder }),
    ...(request.model === undefined ? {} : { model: request.model }),
    ...(request.argv === undefined ? {} : { argv: request.argv }),
    ...(request.group === undefined ? {} : { group: request.group }),
    ...(request.issue === undefined ? {} : { issue: request.issue }),
    ...(request.startedBy === undefined ? {} : { startedBy: request.startedBy }),
  };
}

/**
 * Leaves nothing of a new session, here and on its host; its worktree lock is held. It stays in the list, with the
 * reason, where that is not possible, such as where the host has just gone away.
 */
export async function discardRemoteSession(
  options: RunStarterOptions,
  host: OpenHost | undefined,
  sessionId: string,
  cause: unknown,
): Promise<void> {
  const { store } = options;
  try {
    const facts = await store.sync(sessionId);
    if (host === undefined) throw cause;
    if (facts !== undefined) await new RemoteWorktree(options, host, facts).erase();
    await eraseSession(store, sessionId);
  } catch {
    await store
      .append(sessionId, () => ({ kind: 'worktree.failed', data: { reason: messageOf(cause) } }))
      .catch(() => undefined);
    return;
  }
  await removeErased(store.paths).catch(() => undefined); // start-up tries again
}
