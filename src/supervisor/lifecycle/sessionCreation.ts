import { makeDirectory } from '../../storage/journal/durableFile';
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { isId, newId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';
import type { DraftSessionRecord, SessionRecordData } from '../../storage/sessionRecords';
import { sessionState } from '../../storage/sessionState';
import { pathOf } from '../../common/folderPath';
import { resolveAgent } from '../agents/agentRegistry';
import { launchOf } from '../agents/commandLine';
import type { SessionRequest } from '../api';
import type { Git } from '../git/git';
import type { SnapshotCommit } from '../git/snapshots/snapshotRef';
import { snapshotRefName, readRevision } from '../git/snapshots/snapshotRef';
import type { Repository } from '../git/repository';
import { findRepository, resolveCommit } from '../git/repository';
import type { WantedFiles } from '../git/worktrees/includedFiles';
import { copyIgnoredFiles } from '../git/worktrees/includedFiles';
import { findChainBase } from '../git/snapshots/snapshotList';
import { copySnapshot, copyUncommittedChanges } from '../git/worktrees/uncommittedChanges';
import type { SessionWorktree } from '../git/sessionWorktree';
import { createWorktree, planWorktree, rollbackCreation } from '../git/worktrees/worktreeCreation';
import { freePorts } from '../system/ports';
import type { SessionModel } from '../sessions/sessionModel';
import { sessionNotFound } from '../sessions/sessionErrors';
import type { SessionStore } from '../sessions/sessionStore';
import type { SupervisorSettings, WorktreeSettings } from '../settings';
import { isRecordLost, recordWorktree } from './interruptedOperations';
import { withWorktreeLock } from './worktreeLock';
import { titleOf } from '../sessions/sessionTitle';
import { worktreeOf } from './worktreeOf';

export interface SessionCreatorOptions {
  git: Git;
  store: SessionStore;
  model: SessionModel;
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
   * @throws WORKTREE_FAILED where the worktree cannot be made.
   */
  async create(
    request: SessionRequest,
    queue: (sessionId: string) => Promise<void>,
    imported?: SessionRecordData<'created'>['imported'],
  ): Promise<string> {
    const { git, store, bundles } = this.#options;
    const sessionId = newId();
    const settings = this.#options.settings();
    const agent = await resolveAgent(request.agent, {
      agents: settings.agents,
      bundles,
      ...(request.argv === undefined ? {} : { argv: request.argv }),
    });
    // Before anything is made: a prompt can be too long for the agent's arguments.
    await launchOf(agent, { prompt: request.prompt, promptFile: '', cwd: '', permissionMode: 'ask' });
    const repository = await findRepository(git, pathOf(request.repository));
    const dependsOn = [...new Set(request.dependsOn)];
    const baseSession = await findBaseSession(store, repository, request.base, dependsOn);
    const start = baseSession === undefined ? await findStart(repository, request.base ?? 'HEAD') : undefined;
    const { includeChanges = false } = request;
    if (includeChanges && start?.snapshot.commit !== (await resolveCommit(repository, 'HEAD')))
      throw new CorralError(
        'INVALID_ARGUMENT',
        l10n.t('Uncommitted changes can be copied only into a session that starts from HEAD.'),
      );
    await makeDirectory(store.paths.session(sessionId).runs);
    const {
      worktreesLocation: location,
      worktreesInclude,
      worktreesLink,
    } = this.#options.worktreeSettings(repository.mainWorktree);
    const worktree = planWorktree(repository, { storeId: store.storeId, sessionId }, location);
    const wanted = { include: [...worktreesInclude], link: [...worktreesLink] };
    const created: DraftSessionRecord = {
      kind: 'created',
      data: {
        title: request.title?.trim() || titleOf(request.prompt),
        prompt: request.prompt,
        agent: request.agent,
        repository: repository.mainWorktree,
        baseCommit: start?.baseCommit ?? '',
        worktreePath: worktree.path,
        permissionMode: request.permissionMode ?? agent.permissionMode ?? settings.permissionMode,
        ...(request.model === undefined ? {} : { model: request.model }),
        ...(request.argv === undefined ? {} : { argv: request.argv }),
        ...(request.group === undefined ? {} : { group: request.group }),
        ...(imported === undefined ? {} : { imported }),
        port: await freePorts(this.#takenPorts()),
        ...(dependsOn.length === 0 ? {} : { dependsOn }),
        ...(baseSession === undefined ? {} : { planned: { baseSession, location, ...wanted } }),
      },
    };
    await withWorktreeLock(store.paths, sessionId, async () => {
      await store.begin(sessionId, created);
      if (start !== undefined) {
        try {
          await makeWorktree(store, worktree, { start, wanted, includeChanges });
        } catch (error) {
          await store.append(sessionId, () => ({ kind: 'worktree.failed', data: { reason: messageOf(error) } }));
          throw error instanceof CorralError
            ? error
            : new CorralError(
                'WORKTREE_FAILED',
                l10n.t('The worktree could not be made: {reason}', { reason: messageOf(error) }),
                {
                  cause: error,
                },
              );
        }
      }
      await queue(sessionId);
    });
    return sessionId;
  }

  #takenPorts(): Set<number> {
    const { model } = this.#options;
    return new Set(model.ids().flatMap((id) => model.facts(id).port ?? []));
  }
}

/**
 * The session from whose work the new one starts, where it depends on that session and that has not completed yet.
 *
 * @throws SESSION_NOT_FOUND BASE_NOT_FOUND
 */
async function findBaseSession(
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
  if (found.repository !== repository.mainWorktree)
    throw new CorralError(
      'BASE_NOT_FOUND',
      l10n.t('“{title}” works in another repository, so this session cannot start from its work.', {
        title: found.title,
      }),
    );
  return found.sessionId;
}

/**
 * Makes the worktree of a session that had to wait for its base, and answers with its facts after that.
 *
 * @throws SESSION_NOT_FOUND BASE_NOT_FOUND WORKTREE_FAILED
 */
export async function makePlannedWorktree(
  { git, store }: { git: Git; store: SessionStore },
  sessionId: string,
): Promise<SessionFacts> {
  return await withWorktreeLock(store.paths, sessionId, async () => {
    const facts = await store.sync(sessionId);
    if (facts?.planned === undefined) throw sessionNotFound(sessionId);
    if (facts.worktree !== 'planned') return facts; // another window was quicker
    if (isRecordLost(facts)) {
      await recordWorktree({ git, store }, facts);
      return (await store.sync(sessionId)) ?? facts;
    }
    const { baseSession, include, link = [] } = facts.planned;
    const worktree = await worktreeOf({ git, store }, facts);
    // A window may have been killed while it did the same.
    await rollbackCreation(worktree, facts.baseCommit);
    const start = await findStart(worktree.repository, snapshotRefName(baseSession));
    await makeWorktree(store, worktree, { start, wanted: { include, link }, includeChanges: false });
    return (await store.sync(sessionId)) ?? facts;
  });
}

/** What a session starts from. */
interface Start {
  snapshot: SnapshotCommit;
  baseCommit: string;
}

/**
 * A session that starts from a snapshot has the base of that snapshot's session, so that snapshots get into no history.
 *
 * @throws BASE_NOT_FOUND
 */
async function findStart(repository: Repository, revision: string): Promise<Start> {
  const snapshot = await readRevision(repository, revision);
  return {
    snapshot,
    baseCommit: snapshot.isSnapshot ? await findChainBase(repository, snapshot.commit) : snapshot.commit,
  };
}

interface WorktreeContent {
  start: Start;
  wanted: WantedFiles;
  includeChanges: boolean;
}

/** Makes the worktree with the files that are copied into it, and records it. A failure removes what was made. */
async function makeWorktree(store: SessionStore, planned: SessionWorktree, content: WorktreeContent): Promise<void> {
  const { start, wanted, includeChanges } = content;
  const { snapshot, baseCommit } = start;
  const worktree = await createWorktree(planned, baseCommit);
  try {
    if (snapshot.isSnapshot) await copySnapshot(worktree, baseCommit, snapshot);
    if (includeChanges) await copyUncommittedChanges(worktree, baseCommit);
    await copyIgnoredFiles(worktree, wanted);
  } catch (error) {
    await rollbackCreation(worktree, baseCommit);
    throw error;
  }
  await store.append(worktree.sessionId, () => ({
    kind: 'worktree.created',
    data: { worktreePath: worktree.path, baseCommit },
  }));
}
