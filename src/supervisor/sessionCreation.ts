import { makeDirectory } from '../storage/durableFile';
import { CorralError, messageOf } from '../storage/errors';
import type { DraftSessionRecord } from '../storage/sessionRecords';
import { resolveAgent } from './agents/catalog';
import type { SessionRequest } from './api';
import type { Git } from './git/git';
import { findRepository, resolveCommit } from './git/repository';
import { copyIncludedFiles } from './git/includedFiles';
import { readSnapshot } from './git/pin';
import { findChainBase } from './git/snapshotList';
import { bringSnapshot, bringUncommittedChanges } from './git/uncommittedChanges';
import { createWorktree, discardUnfinishedWorktree, worktreePathFor } from './git/worktrees';
import { freePorts } from './ports';
import type { SessionStore } from './sessionStore';
import type { SupervisorSettings } from './settings';
import { withWorktreeLock } from './worktreeLock';
import { oneLine } from '../storage/sessionState';

const TITLE_CHARACTERS = 60;

export interface SessionCreationOptions {
  git: Git;
  store: SessionStore;
  bundles: string;
  settings: () => SupervisorSettings;
  /** The ports of all other sessions. */
  takenPorts: () => ReadonlySet<number>;
  /** Starts the first run. */
  start: () => Promise<void>;
}

/** The prompt's first line, cut at a word. */
export function titleOf(prompt: string): string {
  const line = oneLine(prompt.trim().split(/[\r\n]/, 1)[0] ?? '');
  const characters = Array.from(line);
  if (characters.length <= TITLE_CHARACTERS) return line;
  const cut = characters.slice(0, TITLE_CHARACTERS - 1).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > TITLE_CHARACTERS / 2 ? cut.slice(0, space) : cut}…`;
}

/**
 * Makes a session with its worktree, then starts it. What can be refused is refused before anything is made (NO_REPOSITORY,
 * NO_COMMIT, BASE_NOT_FOUND, AGENT_NOT_FOUND, …). The first record says what is about to be made, so that a crash in the middle
 * leaves nothing that nobody knows of; the worktree's lock, held to the end, tells others that this is no crash.
 */
export async function createSession(options: SessionCreationOptions, sessionId: string, request: SessionRequest): Promise<void> {
  const settings = options.settings();
  const agent = await resolveAgent(request.agent, {
    agents: settings.agents,
    bundles: options.bundles,
    ...(request.argv === undefined ? {} : { argv: request.argv }),
  });
  const repository = await findRepository(options.git, request.repository);
  const start = await readSnapshot(repository, await resolveCommit(repository, request.base ?? 'HEAD'));
  // A fork is judged by what the session that it comes from began with, and Corral's own commits get into nobody's history.
  const baseCommit = start.isSnapshot ? await findChainBase(repository, start.commit) : start.commit;
  const { includeChanges = false } = request;
  if (includeChanges && start.commit !== (await resolveCommit(repository, 'HEAD')))
    throw new CorralError('INVALID_ARGUMENT', 'Uncommitted changes can come along only where the session starts from HEAD.');
  await makeDirectory(options.store.paths.session(sessionId).runs);
  const created: DraftSessionRecord = {
    kind: 'created',
    data: {
      title: request.title?.trim() || titleOf(request.prompt),
      prompt: request.prompt,
      agent: request.agent,
      repository: repository.mainWorktree,
      baseCommit,
      worktreePath: worktreePathFor(repository.mainWorktree, sessionId, settings.worktreesLocation),
      permissionMode: request.permissionMode ?? agent.permissionMode ?? settings.permissionMode,
      ...(request.model === undefined ? {} : { model: request.model }),
      ...(request.argv === undefined ? {} : { argv: request.argv }),
      ...(request.group === undefined ? {} : { group: request.group }),
      port: await freePorts(options.takenPorts()),
    },
  };
  await withWorktreeLock(options.store.paths, sessionId, async () => {
    await options.store.begin(sessionId, created);
    try {
      const mark = { sessionId, storeId: options.store.storeId };
      const { worktreePath } = await createWorktree({ ...mark, repository, baseCommit, location: settings.worktreesLocation });
      try {
        if (start.isSnapshot) await bringSnapshot(repository, worktreePath, baseCommit, start);
        if (includeChanges) await bringUncommittedChanges(repository, worktreePath, baseCommit);
        await copyIncludedFiles(repository, worktreePath, settings.worktreesInclude);
      } catch (error) {
        await discardUnfinishedWorktree(repository, worktreePath, mark);
        throw error;
      }
      await options.store.append(sessionId, () => ({ kind: 'worktree.created', data: { worktreePath, baseCommit } }));
    } catch (error) {
      await options.store.append(sessionId, () => ({ kind: 'worktree.failed', data: { reason: messageOf(error) } }));
      throw error instanceof CorralError ? error : new CorralError('WORKTREE_FAILED', `The worktree could not be made: ${messageOf(error)}`, { cause: error });
    }
    await options.start();
  });
}
