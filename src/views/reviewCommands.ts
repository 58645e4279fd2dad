import * as vscode from 'vscode';
import { showChanges } from './changesEditor';
import type { CommandName } from './names';
import { SESSIONS_VIEW } from './names';
import type { ChooseSession } from './sessionChoice';
import { hasBegun } from './sessionChoice';
import type { Supervisor } from '../supervisor/supervisor';

export type ReviewCommandName = Extract<CommandName, 'reviewChanges' | 'applyChanges' | 'makeBranch'>;

export interface ReviewCommandsOptions {
  supervisor: Supervisor;
  choose: ChooseSession;
  /** Runs an action as a command does, with its errors shown. */
  attempt: (doing: string, action: () => Promise<void>) => Promise<void>;
}

/** To look at a session's whole change, and to take it over. */
export function reviewCommands({ supervisor, choose, attempt }: ReviewCommandsOptions): Record<ReviewCommandName, (argument: unknown) => Promise<void>> {
  const inProgress = async <T>(action: () => Promise<T>): Promise<T> => await vscode.window.withProgress({ location: { viewId: SESSIONS_VIEW } }, action);

  return {
    reviewChanges: async (argument) => {
      const session = await choose(argument, 'Review Changes', hasBegun, 'No session has begun yet.');
      const comparison = await inProgress(async () => await (await supervisor.worktrees(session.id)).changes(session.id));
      await showChanges(session, session.title, comparison, `“${session.title}” has changed no file so far.`);
    },
    applyChanges: async (argument) => {
      const session = await choose(argument, 'Apply Changes to Checkout', hasBegun, 'No session has begun yet.');
      const worktrees = await supervisor.worktrees(session.id);
      const { commit, conflicts } = await inProgress(async () => await worktrees.apply(session.id));
      const undo = 'Undo';
      const openChanges = 'Open Source Control';
      const sentence =
        conflicts.length === 0
          ? `The changes of “${session.title}” are staged in your checkout.`
          : `The changes of “${session.title}” are in your checkout, with conflicts in ${conflicts.join(', ')}.`;
      // Not awaited: the notification stays as long as the person likes, and the command is done.
      void vscode.window.showInformationMessage(sentence, openChanges, ...(conflicts.length === 0 ? [undo] : [])).then(async (chosen) => {
        if (chosen === openChanges) await vscode.commands.executeCommand('workbench.view.scm');
        if (chosen === undo) await attempt('applyChanges', async () => await worktrees.unapply(session.id, commit));
      });
    },
    makeBranch: async (argument) => {
      const session = await choose(argument, 'Make Branch', hasBegun, 'No session has begun yet.');
      const name = await vscode.window.showInputBox({
        title: `Make Branch · ${session.title}`,
        prompt: 'The branch gets the commits of the session, and one more for what is not committed.',
        value: branchNameFor(session.title),
        ignoreFocusOut: true,
      });
      if (name === undefined) return;
      await inProgress(async () => {
        await (await supervisor.worktrees(session.id)).makeBranch(session.id, name.trim());
      });
      void vscode.window.showInformationMessage(`The branch ${name.trim()} holds the work of “${session.title}”.`);
    },
  };
}

/** Letters and digits of the title, with hyphens between. */
function branchNameFor(title: string): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `corral/${words.slice(0, 6).join('-')}`;
}
