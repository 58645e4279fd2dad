import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { hasEnded } from '../sessionPredicates';
import { statusLabel } from '../text/statusLabel';
import { showInformationMessage } from '../text/messages';

/**
 * Asks which sessions of a repository have to complete first.
 *
 * @returns their ids; undefined where nothing was chosen
 */
export async function chooseDependencies(
  source: Pick<CorralApi, 'listSessions'>,
  repository: string,
  chosen: readonly string[],
  fits: (session: SessionSummary) => boolean = () => true,
): Promise<string[] | undefined> {
  const canBeAwaited = (session: SessionSummary): boolean =>
    chosen.includes(session.id) || (!session.deleted && (session.restored || !hasEnded(session)));
  const sessions = (await source.listSessions({ repository })).filter((each) => canBeAwaited(each) && fits(each));
  if (sessions.length === 0) {
    // Not an error, which would end the command that asks and lose the prompt that was written there.
    void showInformationMessage(vscode.l10n.t('There is no other unfinished session in this repository.'));
    return undefined;
  }
  const items = sessions.map(({ id, title, status }) => ({
    label: title,
    description: statusLabel(status),
    picked: chosen.includes(id),
    id,
  }));
  const picked = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Start After'),
    placeHolder: vscode.l10n.t('Which sessions have to complete first?'),
    canPickMany: true,
    ignoreFocusOut: true,
  });
  return picked?.map(({ id }) => id);
}
