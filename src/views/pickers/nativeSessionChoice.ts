import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { oneLine } from '../../common/oneLine';
import type { NativeSession, UnreadSource } from '../../supervisor/imports/nativeSession';
import type { NativeSessions } from '../../supervisor/imports/nativeSessions';
import { elapsedTime } from '../text/elapsedTime';
import { inProgress } from '../progress';
import { showInformationMessage } from '../text/messages';
import { plainLabel } from '../text/plainLabel';

/** What is needed to choose a session that an agent had without Corral. */
export interface NativeSessionsSource {
  nativeSessions(): Promise<Pick<NativeSessions, 'list'>>;
}

/**
 * Asks for a session that an agent had in the repository without Corral.
 *
 * @throws INVALID_ARGUMENT where there is none, and some could not be read
 * @throws CANCELLED
 */
export async function chooseNativeSession(source: NativeSessionsSource, repository: string): Promise<NativeSession> {
  const unread: string[] = [];
  const onUnread = ({ agent, reason }: UnreadSource): void =>
    void unread.push(
      vscode.l10n.t('The sessions of “{agent}” could not all be read: {reason}', { agent, reason: oneLine(reason) }),
    );
  const sessions = await inProgress(async () => await (await source.nativeSessions()).list(repository, { onUnread }));
  if (sessions.length === 0) {
    const nothing = vscode.l10n.t('There is no session of Claude Code or Codex to import for this repository.');
    if (unread.length > 0) throw new CorralError('INVALID_ARGUMENT', [nothing, ...unread].join(' '));
    void showInformationMessage(nothing); // nothing went wrong
    throw new CorralError('CANCELLED', nothing);
  }
  const items: (vscode.QuickPickItem & { session?: NativeSession })[] = [
    ...sessions.map((session) => ({
      label: plainLabel(session.title),
      description: `${session.agent} · ${elapsedTime(session.updatedAt, Date.now())}`,
      detail: session.cwd,
      session,
    })),
    ...unread.map((label) => ({ label: plainLabel(label), kind: vscode.QuickPickItemKind.Separator })),
  ];
  const title = vscode.l10n.t('Import Agent Session');
  const placeHolder = vscode.l10n.t('The agent continues in a new worktree with the files of your checkout.');
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder,
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (chosen?.session === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No session was chosen.'));
  return chosen.session;
}
