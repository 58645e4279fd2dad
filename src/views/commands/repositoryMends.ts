import * as vscode from 'vscode';
import type { Git } from '../../supervisor/git/git';
import { putBackPlaceSettings } from '../../supervisor/git/placeSettings';
import type { ContextMends } from '../text/errorMessages';
import { showInformationMessage } from '../text/messages';
import type { CommandContext, CommandRunner, RunCommand } from './commandRunner';

/** What mends a repository that is not found, or in which git does not find the files. */
export function repositoryMends(git: Git, runner: CommandRunner, run: RunCommand, about: CommandContext): ContextMends {
  const { session } = about;
  const folder = about.session?.repository ?? about.request?.repository ?? about.folder;
  if (folder === undefined) return {};
  return {
    ...(session !== undefined && { locateRepository: async () => await run('locateRepository', session.id) }),
    putBackSetting: async () =>
      await runner.attempt('putBackSetting', async () => {
        await putBackPlaceSettings(git, folder);
        void showInformationMessage(vscode.l10n.t('The setting is put back. Try again.'));
      }),
  };
}

/** Signs a person in to a forge: its program asks for all that it needs, in a terminal without a shell. */
export function forgeMends({ signIn: [program, ...parameters] = [] }: CommandContext): ContextMends {
  if (program === undefined) return {};
  return {
    signIn: async () => {
      const name = vscode.l10n.t('Sign In');
      vscode.window.createTerminal({ name, shellPath: program, shellArgs: parameters }).show();
      await Promise.resolve();
    },
  };
}
