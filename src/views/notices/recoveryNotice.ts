import * as vscode from 'vscode';
import type { RecoveryReport } from '../../supervisor/api';
import { FOCUS_SESSIONS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';

/** Says what start-up found of sessions that had been running. Runs that go on or ended well need no message. */
export async function showRecoveryNotice({ restored, failed, unreachable }: RecoveryReport): Promise<void> {
  const counts = [
    ...(restored.length === 0 ? [] : [vscode.l10n.t('{0} cut off and can be resumed', restored.length)]),
    ...(failed.length === 0 ? [] : [vscode.l10n.t('{0} failed', failed.length)]),
    ...(unreachable.length === 0 ? [] : [vscode.l10n.t('{0} not answering', unreachable.length)]),
  ].join(', ');
  if (counts === '') return;
  const show = vscode.l10n.t('Show Sessions');
  const message = vscode.l10n.t('Sessions that were running while you were away: {counts}.', { counts });
  if ((await showInformationMessage(message, show)) === show) await vscode.commands.executeCommand(FOCUS_SESSIONS);
}
