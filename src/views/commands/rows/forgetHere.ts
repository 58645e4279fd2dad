import * as vscode from 'vscode';
import type { DeleteOptions, SessionSummary } from '../../../supervisor/api';
import { isOpen } from '../../sessionPredicates';
import { showWarningMessage } from '../../text/messages';
import { listTitles } from './manySessions';

/** Asks how sessions are deleted whose host is away, for this `reason`. Undefined where they are to stay. */
export async function askToForget(
  sessions: readonly SessionSummary[],
  reason: string | undefined,
): Promise<DeleteOptions | undefined> {
  const [again, forget] = [vscode.l10n.t('Try Again'), vscode.l10n.t('Forget Here')];
  const [first, ...others] = sessions;
  const hosts = [...new Set(sessions.flatMap(({ host }) => host?.name ?? []))].map((name) => `“${name}”`).join(', ');
  const question =
    others.length === 0
      ? vscode.l10n.t('Forget “{title}” here, while {host} is away?', { title: first?.title ?? '', host: hosts })
      : vscode.l10n.t('Forget {count} sessions here, while {host} is away?', { count: sessions.length, host: hosts });
  const detail = [
    reason ?? vscode.l10n.t('Nothing can be deleted on {host} now.', { host: hosts }),
    [
      vscode.l10n.t('Forgotten here, it goes from the list, and “Undo Delete” brings it back.'),
      vscode.l10n.t(
        'As soon as {host} is back, while any window is open, it is deleted there as always: all of its work is kept in a snapshot, and its worktree goes.',
        { host: hosts },
      ),
      ...(sessions.some(isOpen) ? [vscode.l10n.t('Its run goes on there until then, and is stopped first.')] : []),
    ].join(' '),
    ...(others.length === 0 ? [] : [listTitles(sessions)]),
  ].join('\n\n');
  // The first button is the one that Enter presses.
  const answer = await showWarningMessage(question, { modal: true, detail }, again, forget);
  return answer === undefined ? undefined : { forgetHere: answer === forget };
}
