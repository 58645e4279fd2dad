import { rm } from 'node:fs/promises';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { pathOf } from '../../../common/folderPath';
import { messageOf } from '../../../common/errors';
import { CorralError } from '../../../storage/errors';
import { newId } from '../../../storage/ids';
import { issueReferenceSchema } from '../../../storage/issueReference';
import { makeDirectory } from '../../../storage/journal/durableFile';
import type { DraftSessionRecord } from '../../../storage/sessionRecords';
import type { SessionRequest } from '../../api';
import { findRepository, type Repository } from '../../git/repository';
import { readRemotes } from '../../git/review/remotes';
import { moveSnapshotRef } from '../../git/snapshots/snapshotRef';
import { hostWorktreeSchema, nothingSchema } from '../../hostProtocol/sessionRequests';
import type { HostRequestOf } from '../../hostProtocol/hostProtocol';
import type { Hosts } from '../../hosts/hosts';
import { hostRepositoryPath, openHostRepository } from '../../hosts/work/hostRepository';
import { pushBase } from '../../hosts/work/pushBase';
import { sayWhatDoesNotGo, whatDoesNotGo } from '../../hosts/work/whatDoesNotGo';
import { findStart } from '../../lifecycle/newWorktree';
import { withWorktreeLock } from '../../lifecycle/worktreeLock';
import { eraseSession, removeErased } from '../../sessions/sessionErasure';
import { titleOf } from '../../sessions/sessionTitle';
import type { RunStarterOptions } from '../runStarter';
import type { OpenHost } from './hostStores';
import { queueRemoteRun, settingFor } from './queueRemoteRun';
import { workHostOf } from './remoteWork';
import { RemoteWorktree } from './remoteWorktree';

/**
 * Makes a session with its worktree on a host, records its first run, and answers with its id. Where that fails,
 * nothing of it is left here.
 * @throws HOST_NOT_SUPPORTED HOST_FAILED HOST_UNREACHABLE, or as `SessionCreator.create`
 */
export async function createRemoteSession(
  options: RunStarterOptions & { hosts: Hosts },
  host: OpenHost,
  request: SessionRequest,
): Promise<string> {
  const { git, store, bundles } = options;
  requireSupported(request);
  const sessionId = newId();
  const settings = options.settings();
  const agentSetting = settingFor(request.agent, settings);
  const agent = { name: request.agent, ...agentSetting, ...(request.argv === undefined ? {} : { argv: request.argv }) };
  await host.connection.ask({ request: 'findAgent', agent } satisfies HostRequestOf<'findAgent'>, nothingSchema);
  const repository = await findRepository(git, pathOf(request.repository));
  const start = await findStart(repository, request.base ?? 'HEAD');
  if (start.snapshot.isSnapshot)
    throw new CorralError(
      'HOST_NOT_SUPPORTED',
      l10n.t('A session on a host cannot start from a snapshot yet. Choose a branch or a commit.'),
    );
  const { baseCommit } = start;
  const far = await openHostRepository(
    workHostOf(host, bundles),
    hostRepositoryPath(host.store.root, store.storeId, repository),
    { storeId: store.storeId, repository },
  );
  const missing = sayWhatDoesNotGo(await whatDoesNotGo(repository, baseCommit));
  const notices = missing === '' ? {} : { notices: [missing] };
  const title = request.title?.trim() || titleOf(request.prompt);
  const created: DraftSessionRecord = {
    kind: 'created.remote',
    data: {
      ...describe(request, repository),
      title,
      baseCommit,
      permissionMode:
        request.permissionMode ?? settings.agents[request.agent]?.permissionMode ?? settings.permissionMode,
      remotes: await readRemotes(repository),
      host: { name: host.name, kind: kindOf(options.hosts, host.name), machineId: host.store.machineId },
    },
  };
  const paths = store.paths.session(sessionId);
  const progress = { hasBegun: false };
  try {
    await makeDirectory(paths.runs);
    await withWorktreeLock(store.paths, sessionId, async () => {
      progress.hasBegun = true;
      try {
        await store.begin(sessionId, created);
        await pushBase(far, repository, { sessionId, commit: baseCommit });
        const wanted = { storeId: store.storeId, sessionId, repository: far.path, title, baseCommit };
        const made = { request: 'makeWorktree', ...wanted } satisfies HostRequestOf<'makeWorktree'>;
        const { path } = await host.connection.ask(made, hostWorktreeSchema);
        await moveSnapshotRef(repository, sessionId, baseCommit, undefined);
        await store.append(sessionId, () => ({
          kind: 'worktree.created.remote',
          data: { path, repository: far.path },
        }));
        const facts = await store.sync(sessionId);
        if (facts !== undefined)
          await queueRemoteRun(options, facts, { sessionId, prompt: request.prompt, ...notices });
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

function requireSupported(request: SessionRequest): void {
  const { dependsOn = [], includeChanges = false, attachments = [], issue } = request;
  if (issue !== undefined && !v.is(issueReferenceSchema, issue))
    throw new CorralError('INVALID_ARGUMENT', l10n.t('The issue of the session is not described as it has to be.'));
  if (dependsOn.length > 0 || includeChanges || attachments.length > 0)
    throw new CorralError(
      'HOST_NOT_SUPPORTED',
      l10n.t('A session on a host cannot wait for others, and takes neither files nor uncommitted changes along yet.'),
    );
}

function kindOf(hosts: Hosts, name: string): 'ssh' | 'exec' {
  return 'ssh' in hosts.settingOf(name) ? 'ssh' : 'exec';
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
  host: OpenHost,
  sessionId: string,
  cause: unknown,
): Promise<void> {
  const { store } = options;
  try {
    const facts = await store.sync(sessionId);
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
