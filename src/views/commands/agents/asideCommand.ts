import * as vscode from 'vscode';
import type { CorralApi } from '../../../supervisor/api';
import type { ChooseSession } from '../../pickers/sessionChoice';
import { inProgress } from '../../progress';
import { hasBegun } from '../../sessionPredicates';
import type { CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';

/** The command to ask a session's agent something beside its work. */
export function asideCommand(
  source: Pick<CorralApi, 'askAside'>,
  choose: ChooseSession,
  showTimeline: (sessionId: string) => void,
): CommandActions<'askAside'> {
  return {
    askAside: async (argument) => {
      requireTrust();
      const none = vscode.l10n.t('No session has begun yet.');
      const session = await choose(argument, vscode.l10n.t('Ask About This Session'), hasBegun, none);
      const question = await vscode.window.showInputBox({
        title: vscode.l10n.t('Ask About “{title}”', { title: session.title }),
        placeHolder: vscode.l10n.t('Why is the parser in a file of its own?'),
        prompt: vscode.l10n.t(
          '{agent} answers beside the work, which goes on as if nothing was asked: nothing is changed, and it costs tokens.',
          { agent: session.agent },
        ),
        ignoreFocusOut: true,
      });
      if (question === undefined || question.trim() === '') return;
      showTimeline(session.id);
      await inProgress(async () => await source.askAside(session.id, question.trim()));
    },
  };
}
