import { access } from 'node:fs/promises';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import type { WorktreeSummary } from '../../supervisor/git/worktrees/worktreeSummary';
import type { Supervisor } from '../../supervisor/supervisor';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { inProgress } from '../progress';
import type { ChooseSession } from '../pickers/sessionChoice';
import { deletionDetail } from '../text/worktreeLabels';

export type WorktreeCommandName = Extract<
  CommandName,
  'openWorktree' | 'deleteSession' | 'undoDelete' | 'restoreWorktree' | 'archiveSession' | 'unarchiveSession'
>;

export interface WorktreeCommandsOptions {
  supervisor: Supervisor;
  choose: ChooseSession;
  reveal: (sessionId: string) => Promise<void>;
  /** Runs a command as if it were chosen, with its errors shown. */
  run: (name: CommandName, argument: unknown) => Promise<void>;
}

const hasEnded = (session: SessionSummary): boolean => isOutcome(session.state) || session.restored;

/** What can be done with a session's worktree. */
export function worktreeCommands({
  supervisor,
  choose,
  reveal,
  run,
}: WorktreeCommandsOptions): Record<WorktreeCommandName, (argument: unknown) => Promise<void>> {
  return {
    openWorktree: async (argument) => {
      const session = await choose(
        argument,
        'Open Worktree in New Window',
        (each) => !each.deleted && !each.archived,
        'There is no session yet.',
      );
      await access(session.worktreePath).catch((cause: unknown) => {
        throw new CorralError(
          'WORKTREE_MISSING',
          `The worktree of “${session.title}” is not at ${session.worktreePath}. It can be restored from its last snapshot.`,
          { cause },
        );
      });
      await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(session.worktreePath), {
        forceNewWindow: true,
      });
    },
    deleteSession: async (argument) => {
      const session = await choose(argument, 'Delete Session', (each) => !each.deleted, 'There is no session yet.');
      const summary = await summaryOf(supervisor, session);
      const remove = 'Delete';
      const detail = deletionDetail(summary, !hasEnded(session) && session.currentRunId !== undefined);
      if ((await showWarningMessage(`Delete “${session.title}”?`, { modal: true, detail }, remove)) !== remove) return;
      await inProgress(async () => {
        await supervisor.deleteSession(session.id);
      });
      const undo = 'Undo';
      // Not awaited: the notification stays as long as the person likes, and the command is done.
      void showInformationMessage(`“${session.title}” was deleted.`, undo).then(async (chosen) =>
        chosen === undo ? await run('undoDelete', session.id) : undefined,
      );
    },
    undoDelete: async (argument) => {
      const session = await choose(argument, 'Undo Delete', (each) => each.deleted, 'No session was deleted.');
      await inProgress(async () => {
        await supervisor.undoDelete(session.id);
      });
      await reveal(session.id);
    },
    restoreWorktree: async (argument) => {
      const session = await choose(
        argument,
        'Restore Worktree',
        (each) => each.runs.length > 0,
        'No session has a worktree yet.',
      );
      await inProgress(async () => {
        await supervisor.restoreWorktree(session.id);
      });
      await reveal(session.id);
      void showInformationMessage(`The worktree of “${session.title}” is back at ${session.worktreePath}.`);
    },
    archiveSession: async (argument) => {
      const fits = (each: SessionSummary): boolean => !each.deleted && !each.archived && hasEnded(each);
      const session = await choose(argument, 'Archive Session', fits, 'No session has ended yet.');
      await inProgress(async () => {
        await supervisor.archiveSession(session.id, true);
      });
      const undo = 'Undo';
      void showInformationMessage(
        `“${session.title}” was archived. Its history and its work are kept, its folder is not.`,
        undo,
      ).then(async (chosen) => (chosen === undo ? await run('unarchiveSession', session.id) : undefined));
    },
    unarchiveSession: async (argument) => {
      const session = await choose(argument, 'Unarchive Session', (each) => each.archived, 'No session is archived.');
      await inProgress(async () => {
        await supervisor.archiveSession(session.id, false);
      });
      await reveal(session.id);
    },
  };
}

/** A summary that cannot be made counts as "there is work", and keeps nobody from deleting: nothing is lost by it. */
async function summaryOf(
  supervisor: Supervisor,
  session: SessionSummary,
): Promise<WorktreeSummary | 'unknown' | undefined> {
  const summarizing = supervisor
    .worktree(session.id)
    .then(async (worktree) => await worktree.summary())
    .catch(() => 'unknown' as const);
  return await inProgress(async () => await summarizing);
}
