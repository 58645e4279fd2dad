import { access } from 'node:fs/promises';
import * as vscode from 'vscode';
import { CorralError, isHostError } from '../../storage/errors';
import type { CorralApi, DeleteOptions, HostSummary, SessionHost, SessionSummary } from '../../supervisor/api';
import type { WorktreeSummary } from '../../supervisor/git/worktrees/worktreeSummary';
import type { WorktreeControl } from '../../supervisor/lifecycle/worktreeControl';
import type { ChooseSession } from '../pickers/sessionChoice';
import { openRemoteWindow } from '../hosts/remoteWindow';
import { inProgress } from '../progress';
import { hasBegun, hasEnded, isHostAway, isOpen } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import { showInformationMessage, showPassingMessage, showWarningMessage } from '../text/messages';
import { deletionDetail, deletionDetailOfMany, worktreeFolder } from '../text/worktreeLabels';
import type { CommandActions, RunCommand } from './commandRunner';
import type { ConsentSource } from './consentCommands';
import { askForConsent } from './consentCommands';
import { askToForget } from './rows/forgetHere';
import type { ChooseSessions } from './rows/manySessions';
import { forEachSession, listTitles } from './rows/manySessions';

export type WorktreeCommandName = Extract<
  CommandName,
  | 'openWorktree'
  | 'deleteSession'
  | 'undoDelete'
  | 'restoreWorktree'
  | 'locateRepository'
  | 'archiveSession'
  | 'unarchiveSession'
>;

/** What these commands need of the supervisor. */
export interface WorktreesSource
  extends
    Pick<
      CorralApi,
      'getSession' | 'deleteSession' | 'undoDelete' | 'restoreWorktree' | 'archiveSession' | 'onDidChangeSessions'
    >,
    ConsentSource {
  readonly hosts: { list(): HostSummary[] };
  worktree(id: string): Promise<Pick<WorktreeControl, 'summary' | 'delete' | 'locateRepository'>>;
}

export interface WorktreeCommandsOptions {
  source: WorktreesSource;
  choose: ChooseSession;
  chooseMany: ChooseSessions;
  reveal: (sessionId: string) => Promise<void>;
  run: RunCommand;
}

/** Commands to open, delete, archive and restore a session's worktree. */
export function worktreeCommands({
  source,
  choose,
  chooseMany,
  reveal,
  run,
}: WorktreeCommandsOptions): CommandActions<WorktreeCommandName> {
  const noSession = vscode.l10n.t('There is no session yet.');

  /**
   * One offer for all of them. Do not await it: the notification stays until somebody closes it, and what was undone in
   * another way meanwhile is only shown.
   */
  const offerUndo = async (
    message: string,
    undoCommand: CommandName,
    sessions: readonly SessionSummary[],
    isToUndo: (session: SessionSummary) => boolean,
  ): Promise<void> => {
    const undo = vscode.l10n.t('Undo');
    if (sessions.length === 0) return;
    const isOver = async (): Promise<boolean> => {
      const now = await Promise.all(sessions.map(async ({ id }) => await source.getSession(id).catch(() => undefined)));
      return !now.some((session) => session !== undefined && isToUndo(session));
    };
    const over = new Promise<void>((resolve) => {
      const changes = source.onDidChangeSessions(() => {
        void isOver().then((is) => {
          if (!is) return;
          changes.dispose();
          resolve();
        });
      });
    });
    if ((await showPassingMessage(message, over, undo)) !== undo) return;
    for (const { id } of sessions) {
      const now = await source.getSession(id).catch(() => undefined);
      if (now !== undefined && isToUndo(now)) await run(undoCommand, id);
      else if (now !== undefined) await reveal(id);
    }
  };

  /** False where the repository is not found, and the person does not say that it is gone. */
  const removeSession = async (
    { id, title, repository }: SessionSummary,
    options: DeleteOptions = {},
  ): Promise<boolean> => {
    const worktree = await source.worktree(id);
    try {
      await inProgress(async () => await worktree.delete(options));
    } catch (error) {
      if (!(error instanceof CorralError) || error.code !== 'REPOSITORY_MISSING') throw error;
      const [locate, gone] = [vscode.l10n.t('Locate Repository…'), vscode.l10n.t('It Was Deleted')];
      const detail = vscode.l10n.t('Nothing of “{title}” was deleted. Its repository was at {path}.', {
        title,
        path: repository,
      });
      const answer = await showWarningMessage(error.message, { modal: true, detail }, locate, gone);
      if (answer === locate) await run('locateRepository', id);
      if (answer !== gone) return false;
      await inProgress(async () => await worktree.delete({ ...options, isRepositoryGone: true }));
    }
    return true;
  };

  const offerUndoDelete = async (sessions: readonly SessionSummary[]): Promise<void> => {
    const isDeleted = (each: SessionSummary): boolean => each.deleted;
    const now = await Promise.all(sessions.map(async ({ id }) => await source.getSession(id)));
    const [first, ...others] = now.filter(isDeleted);
    if (first === undefined) return;
    const message =
      others.length > 0
        ? vscode.l10n.t('Deleted {0} sessions.', others.length + 1)
        : first.host?.remains === true
          ? vscode.l10n.t('Deleted “{title}” here. It will be deleted on “{host}” when that is back.', {
              title: first.title,
              host: first.host.name,
            })
          : vscode.l10n.t('Deleted “{title}”.', { title: first.title });
    void offerUndo(message, 'undoDelete', [first, ...others], isDeleted);
  };

  /** Of sessions whose host is away: a person says whether they are deleted here alone. */
  const removeAway = async (sessions: readonly SessionSummary[], reason?: string): Promise<void> => {
    const options = await askToForget(sessions, reason);
    if (options === undefined) return;
    await offerUndoDelete(
      await forEachSession(sessions, async (session) => {
        await askForConsent(source, session.repository, 'teardown');
        await removeSession(session, options);
      }),
    );
  };

  return {
    openWorktree: async (argument) => {
      const title = vscode.l10n.t('Open Worktree in New Window');
      const session = await choose(argument, title, (each) => !each.deleted && !each.archived, noSession);
      if (session.host !== undefined) {
        void openRemoteWindow(hostOf(session.host, source.hosts.list()), worktreeFolder(session));
        return;
      }
      await requireWorktree(session);
      await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(session.worktreePath), {
        forceNewWindow: true,
      });
    },
    deleteSession: async (argument) => {
      const sessions = await chooseMany(argument, vscode.l10n.t('Delete Session'), (each) => !each.deleted, noSession);
      if (sessions.length > 0 && sessions.every(isHostAway)) {
        await removeAway(sessions);
        return;
      }
      const title = sessions[0]?.title ?? '';
      const summaries = await summariesOf(source, sessions);
      const open = sessions.filter(isOpen).length;
      const isOne = sessions.length === 1;
      const detail = isOne
        ? deletionDetail(summaries[0], open > 0)
        : `${deletionDetailOfMany(summaries, open)}\n\n${listTitles(sessions)}`;
      const remove = vscode.l10n.t('Delete');
      const question = isOne
        ? vscode.l10n.t('Delete “{title}”?', { title })
        : vscode.l10n.t('Delete {0} sessions?', sessions.length);
      if (sessions.length === 0 || (await showWarningMessage(question, { modal: true, detail }, remove)) !== remove)
        return;
      const away: SessionSummary[] = [];
      let reason: string | undefined;
      const deleted = await forEachSession(sessions, async (session) => {
        await askForConsent(source, session.repository, 'teardown');
        await removeSession(session).catch((error: unknown) => {
          if (!isHostError(error)) throw error;
          away.push(session);
          reason ??= error.message;
        });
      });
      await offerUndoDelete(deleted);
      if (away.length > 0) await removeAway(away, reason);
    },
    locateRepository: async (argument) => {
      const none = vscode.l10n.t('The repositories of all sessions are in their places.');
      const label = vscode.l10n.t('Locate Repository');
      const session = await choose(argument, label, (each) => each.repositoryMissing === true, none);
      const [folder] =
        (await vscode.window.showOpenDialog({
          title: vscode.l10n.t('Where is the repository that was at {path}?', { path: session.repository }),
          openLabel: label,
          canSelectFiles: false,
          canSelectFolders: true,
        })) ?? [];
      if (folder === undefined) return;
      const worktree = await source.worktree(session.id);
      await inProgress(async () => await worktree.locateRepository(folder.fsPath));
      await reveal(session.id);
    },
    undoDelete: async (argument) => {
      const none = vscode.l10n.t('No session was deleted.');
      const { id } = await choose(argument, vscode.l10n.t('Undo Delete'), (each) => each.deleted, none);
      await inProgress(async () => await source.undoDelete(id));
      await reveal(id);
    },
    restoreWorktree: async (argument) => {
      const none = vscode.l10n.t('No session has a worktree yet.');
      const session = await choose(argument, vscode.l10n.t('Restore Worktree'), hasBegun, none);
      const { id, title, worktreePath: path } = session;
      await inProgress(async () => await source.restoreWorktree(id));
      await reveal(id);
      void showInformationMessage(vscode.l10n.t('Restored the worktree of “{title}” at {path}.', { title, path }));
    },
    archiveSession: async (argument) => {
      const fits = (each: SessionSummary): boolean => !each.deleted && !each.archived && hasEnded(each);
      const none = vscode.l10n.t('No session has ended yet.');
      const sessions = await chooseMany(argument, vscode.l10n.t('Archive Session'), fits, none);
      if (sessions.length > 1) {
        const question = vscode.l10n.t('Archive {0} sessions?', sessions.length);
        const detail = `${vscode.l10n.t('Their work and history are kept, their folders are not.')}\n\n${listTitles(sessions)}`;
        const archive = vscode.l10n.t('Archive');
        if ((await showWarningMessage(question, { modal: true, detail }, archive)) !== archive) return;
      }
      const archived = await forEachSession(sessions, async ({ id, repository }) => {
        await askForConsent(source, repository, 'teardown');
        await inProgress(async () => await source.archiveSession(id, true));
      });
      const message =
        sessions.length === 1
          ? vscode.l10n.t('Archived “{title}”. Its work and history are kept, its folder is not.', {
              title: sessions[0]?.title ?? '',
            })
          : vscode.l10n.t(
              'Archived {0} sessions. Their work and history are kept, their folders are not.',
              archived.length,
            );
      void offerUndo(message, 'unarchiveSession', archived, (each) => each.archived);
    },
    unarchiveSession: async (argument) => {
      const none = vscode.l10n.t('No session is archived.');
      const { id } = await choose(argument, vscode.l10n.t('Unarchive Session'), (each) => each.archived, none);
      await inProgress(async () => await source.archiveSession(id, false));
      await reveal(id);
    },
  };
}

/** The session's host as the setting has it now. */
function hostOf({ name }: SessionHost, hosts: readonly HostSummary[]): HostSummary {
  const host = hosts.find((each) => each.name === name);
  if (host !== undefined) return host;
  throw new CorralError(
    'HOST_UNKNOWN',
    vscode.l10n.t('There is no host “{name}” any more. Put it back into the setting corral.hosts.', { name }),
  );
}

/** @throws WORKTREE_MISSING, and HOST_NOT_SUPPORTED where it is on another host */
export async function requireWorktree({ title, worktreePath: path, host }: SessionSummary): Promise<void> {
  if (host !== undefined)
    throw new CorralError(
      'HOST_NOT_SUPPORTED',
      vscode.l10n.t('The worktree of “{title}” is on the host “{host}” and cannot be opened from here yet.', {
        title,
        host: host.name,
      }),
    );
  await access(path).catch((cause: unknown) => {
    const message = vscode.l10n.t('The worktree of “{title}” is missing: {path}. Restore it from its last snapshot.', {
      title,
      path,
    });
    throw new CorralError('WORKTREE_MISSING', message, { cause });
  });
}

/** `unknown` where the work cannot be counted: deleting loses nothing all the same. */
async function summariesOf(
  source: WorktreesSource,
  sessions: readonly SessionSummary[],
): Promise<(WorktreeSummary | 'unknown' | undefined)[]> {
  const summaryOf = async ({ id }: SessionSummary): Promise<WorktreeSummary | 'unknown' | undefined> =>
    await source
      .worktree(id)
      .then(async (worktree) => await worktree.summary())
      .catch(() => 'unknown' as const);
  return await inProgress(async () => await Promise.all(sessions.map(summaryOf)));
}
