import { rm } from 'node:fs/promises';
import { settleAttachments, stageAttachments } from '../../storage/journal/attachmentFiles';
import type { AttachmentReference } from '../../storage/attachments';
import { newAttachmentsOf } from './newAttachments';
import { makeDirectory } from '../../storage/journal/durableFile';
import * as l10n from '@vscode/l10n';
import * as v from 'valibot';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { isId, newId } from '../../storage/ids';
import { issueReferenceSchema } from '../../storage/issueReference';
import type { RunFacts, SessionFacts } from '../../storage/sessionFacts';
import type { DraftSessionRecord, SessionRecordData } from '../../storage/sessionRecords';
import { sessionState } from '../../storage/sessionState';
import { pathOf } from '../../common/folderPath';
import { resolveAgent } from '../agents/agentRegistry';
import { launchOf } from '../agents/commandLine';
import type { SessionRequest } from '../api';
import type { Git } from '../git/git';
import type { Repository } from '../git/repository';
import { readRemotes } from '../git/review/remotes';
import { findRepository } from '../git/repository';
import { administrativeDirectoryOf, type SessionWorktree } from '../git/sessionWorktree';
import { snapshotRefName } from '../git/snapshots/snapshotRef';
import { isOwnedBy } from '../git/worktreeOwnership';
import { planWorktree, rollbackCreation } from '../git/worktrees/worktreeCreation';
import { freePorts } from '../system/ports';
import type { SessionModel } from '../sessions/sessionModel';
import { eraseSession, removeErased } from '../sessions/sessionErasure';
import { sessionNotFound } from '../sessions/sessionErrors';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings, WorktreeSettings } from '../settings';
import { findStart, makeWorktree, requireStartAtHead } from './newWorktree';
import { completeHandOver, takeSpare } from './spares/spareHandOver';
import type { SpareWorktrees } from './spares/spareWorktrees';
import { withWorktreeLock } from './worktreeLock';
import { titleOf } from '../sessions/sessionTitle';
import { takenPorts } from '../sessions/takenPorts';
import { filterAccessOf, isOfRepository, worktreeOf } from './worktreeOf';

export interface SessionCreatorOptions {
  git: Git;
  store: SessionStore;
  model: SessionModel;
  spares: SpareWorktrees;
  bundles: string;
  settings: () => SupervisorSettings;
  worktreeSettings: (repository: string) => WorktreeSettings;
}

/** Makes sessions, each with a worktree of its own. */
export class SessionCreator {
  readonly #options: SessionCreatorOptions;

  constructor(options: SessionCreatorOptions) {
    this.#options = options;
  }

  /**
   * Makes a session with its worktree and answers with its id; `queue` records its first run. The worktree's lock is
   * held until then, so that no other window takes the creation for interrupted.
   *
   * @throws NO_REPOSITORY NO_COMMIT BASE_NOT_FOUND AGENT_NOT_FOUND SESSION_NOT_FOUND INVALID_ARGUMENT
   * @throws ATTACHMENT_REFUSED ATTACHMENT_NOT_FOUND
   * @throws WORKTREE_FAILED where the worktree cannot be made.
   */
  async create(
    request: SessionRequest,
    queue: (sessionId: string) => Promise<void>,
    imported?: SessionRecordData<'created'>['imported'],
  ): Promise<string> {
    const { git, store, bundles, spares } = this.#options;
    const sessionId = newId();
    const settings = this.#options.settings();
    const agent = await resolveAgent(request.agent, {
      agents: settings.agents,
      bundles,
      ...(request.argv === undefined ? {} : { argv: request.argv }),
    });
    // Before anything is made: a prompt can be too long for the agent's arguments.
    await launchOf(agent, { prompt: request.prompt, promptFile: '', cwd: '', permissionMode: 'ask' });
    const files = await newAttachmentsOf(store.paths, request.attachments);
    if (request.issue !== undefined && !v.is(issueReferenceSchema, request.issue))
      throw new CorralError('INVALID_ARGUMENT', l10n.t('The issue of the session is not described as it has to be.'));
    const repository = await findRepository(git, pathOf(request.repository));
    const readingRemotes = readRemotes(repository); // beside the next steps
    readingRemotes.catch(() => undefined);
    const dependsOn = [...new Set(request.dependsOn)];
    const baseSession = await findBaseSession(store, repository, request.base, dependsOn);
    const start = baseSession === undefined ? await findStart(repository, request.base ?? 'HEAD') : undefined;
    const { includeChanges = false } = request;
    if (includeChanges) await requireStartAtHead(repository, start);
    const {
      worktreesLocation: location,
      worktreesInclude,
      worktreesLink,
    } = this.#options.worktreeSettings(repository.mainWorktree);
    const ownership = { storeId: store.storeId, sessionId };
    const title = request.title?.trim() || titleOf(request.prompt);
    const worktree: SessionWorktree = {
      ...planWorktree(repository, ownership, location, title),
      filters: filterAccessOf(store, repository),
    };
    // Looked for while the session is recorded: that reads the state of all of its files.
    const finding = start === undefined ? undefined : spares.find(worktree, start.baseCommit);
    const [port, remotes] = await Promise.all([freePorts(takenPorts(this.#options.model)), readingRemotes]);
    const wanted = { include: [...worktreesInclude], link: [...worktreesLink] };
    const created = (attachments: AttachmentReference[]): DraftSessionRecord => ({
      kind: 'created',
      data: {
        ...(attachments.length === 0 ? {} : { attachments }),
        title,
        prompt: request.prompt,
        agent: request.agent,
        repository: repository.mainWorktree,
        commonDirectory: repository.commonDirectory,
        ...(repository.hasMainWorktree && repository.checkout === repository.mainWorktree
          ? {}
          : { checkout: repository.checkout }),
        ...(repository.subfolder === '' ? {} : { subfolder: repository.subfolder }),
        baseCommit: start?.baseCommit ?? '',
        worktreePath: worktree.path,
        permissionMode: request.permissionMode ?? agent.permissionMode ?? settings.permissionMode,
        ...(request.model === undefined ? {} : { model: request.model }),
        ...(request.argv === undefined ? {} : { argv: request.argv }),
        ...(request.group === undefined ? {} : { group: request.group }),
        ...(request.issue === undefined ? {} : { issue: request.issue }),
        ...(imported === undefined ? {} : { imported }),
        ...(request.startedBy === undefined ? {} : { startedBy: request.startedBy }),
        port,
        remotes,
        ...(dependsOn.length === 0 ? {} : { dependsOn }),
        ...(baseSession === undefined ? {} : { planned: { baseSession, location, ...wanted } }),
      },
    });
    const progress = { hasBegun: false };
    try {
      await makeDirectory(store.paths.session(sessionId).runs);
      await withWorktreeLock(store.paths, sessionId, async () => {
        progress.hasBegun = true;
        try {
          const attachments = await stageAttachments(store.paths.session(sessionId), files);
          await store.begin(sessionId, created(attachments));
          await settleAttachments(store.paths.session(sessionId), attachments);
          if (start !== undefined)
            await makeWorktree(store, worktree, { start, wanted, includeChanges }, async (place, commit) => {
              const found = await finding;
              return found !== undefined && (await takeSpare(store.paths, found, place, commit));
            });
          await queue(sessionId);
        } catch (error) {
          await this.#discard(worktree, start?.baseCommit ?? '', error, []);
          throw error;
        }
      });
    } catch (error) {
      await finding;
      if (!progress.hasBegun) await rm(store.paths.session(sessionId).root, { recursive: true, force: true });
      throw error;
    }
    return sessionId;
  }

  /** Starts a new session's run. Where it cannot be started, nothing is left of the session. */
  async startOrDiscard(sessionId: string, start: () => Promise<void>): Promise<void> {
    try {
      await start();
    } catch (error) {
      await this.#discardUnstarted(sessionId, error);
      throw error;
    }
  }

  /** Does nothing where any run has begun. */
  async #discardUnstarted(sessionId: string, cause: unknown): Promise<void> {
    const { git, store } = this.#options;
    await withWorktreeLock(store.paths, sessionId, async () => {
      const facts = await store.sync(sessionId);
      const [run, ...others] = facts?.runs ?? [];
      if (facts === undefined || run?.closed?.outcome !== 'failed' || run.startedAt !== undefined) return;
      if (others.length === 0)
        await this.#discard(await worktreeOf({ git, store }, facts), facts.baseCommit, cause, [run]);
    });
  }

  /**
   * Leaves nothing of a session that was refused; the worktree's lock is held. It stays where its worktree cannot be
   * removed, or another run than the known ones is queued.
   */
  async #discard(
    worktree: SessionWorktree,
    baseCommit: string,
    cause: unknown,
    knownRuns: readonly RunFacts[],
  ): Promise<void> {
    const { store } = this.#options;
    const { sessionId } = worktree;
    try {
      const facts = await store.sync(sessionId);
      const queued = facts?.runs.filter(({ queuedAt }) => queuedAt !== undefined) ?? [];
      if (queued.some(({ runId }) => knownRuns.every((run) => run.runId !== runId))) return;
      await completeHandOver(store.paths, worktree);
      if (await isOwnedBy(administrativeDirectoryOf(worktree), worktree)) await rollbackCreation(worktree, baseCommit);
      await eraseSession(store, sessionId);
    } catch {
      // It is seen in the list then, with the reason for which it was refused.
      await store
        .append(sessionId, () => ({ kind: 'worktree.failed', data: { reason: messageOf(cause) } }))
        .catch(() => undefined);
      return;
    }
    await removeErased(store.paths).catch(() => undefined); // start-up tries again
  }
}

/**
 * The session from whose work the new one starts, where it depends on that session and that has not completed yet.
 *
 * @throws SESSION_NOT_FOUND BASE_NOT_FOUND
 */
export async function findBaseSession(
  store: SessionStore,
  repository: Repository,
  base: string | undefined,
  dependsOn: readonly string[],
): Promise<string | undefined> {
  let found: SessionFacts | undefined;
  for (const id of dependsOn) {
    const facts = isId(id) ? await store.sync(id) : undefined;
    if (facts === undefined) throw sessionNotFound(id);
    if (base === snapshotRefName(id)) found = facts;
  }
  if (found === undefined || sessionState(found) === 'completed') return undefined;
  if (!isOfRepository(found, repository))
    throw new CorralError(
      'BASE_NOT_FOUND',
      l10n.t('“{title}” works in another repository, so this session cannot start from its work.', {
        title: found.title,
      }),
    );
  return found.sessionId;
}
