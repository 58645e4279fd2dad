import * as vscode from 'vscode';
import type { SessionSummary } from '../../../supervisor/api';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { hasBegun } from '../../sessionPredicates';
import type { CommandName } from '../../text/contributions';
import { showInformationMessage } from '../../text/messages';
import { worktreeFolder } from '../../text/worktreeLabels';
import type { CommandActions } from '../commandRunner';
import { requireWorktree } from '../worktreeCommands';

export type FolderCommandName = Extract<
  CommandName,
  'openTerminal' | 'revealWorktree' | 'copyWorktreePath' | 'copyBranch' | 'backToRepository'
>;

/** Commands on the folder of a session's worktree, and on its branch. */
export function folderCommands(choose: ChooseSession): CommandActions<FolderCommandName> {
  const none = vscode.l10n.t('No session has a worktree yet.');
  const chooseWorktree = async (argument: unknown, title: string): Promise<SessionSummary> => {
    const session = await choose(argument, title, (each) => hasBegun(each) && !each.archived, none);
    await requireWorktree(session);
    return session;
  };
  return {
    openTerminal: async (argument) => {
      const { title, worktreePath } = await chooseWorktree(argument, vscode.l10n.t('Open Terminal in Worktree'));
      vscode.window.createTerminal({ name: title, cwd: worktreePath }).show();
    },
    revealWorktree: async (argument) => {
      const { worktreePath } = await chooseWorktree(argument, vscode.l10n.t('Reveal Worktree in File Manager'));
      await vscode.commands.executeCommand('revealFileInOS', vscode.Uri.file(worktreePath));
    },
    copyWorktreePath: async (argument) => {
      const session = await choose(argument, vscode.l10n.t('Copy Path of Worktree'), hasBegun, none);
      await vscode.env.clipboard.writeText(worktreeFolder(session));
    },
    copyBranch: async (argument) => {
      const noBranch = vscode.l10n.t('No session has a branch yet. “Make Branch” gives it one.');
      const session = await choose(
        argument,
        vscode.l10n.t('Copy Branch'),
        (each) => each.branch !== undefined,
        noBranch,
      );
      if (session.branch !== undefined) await vscode.env.clipboard.writeText(session.branch);
      else void showInformationMessage(vscode.l10n.t('“{title}” has no branch yet.', { title: session.title }));
    },
    backToRepository: async (argument) => {
      const title = vscode.l10n.t('Back to Repository');
      const { repository } = await choose(argument, title, (each) => each.repository !== '', none);
      await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(repository), { forceNewWindow: true });
    },
  };
}
