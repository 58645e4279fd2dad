import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import type { SessionSummary } from '../../supervisor/api';
import { COMMANDS, FOCUS_SESSIONS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';
import { describeChanges } from '../text/worktreeLabels';

/** Ends that come closer together than this share a notice. */
const GATHER_MS = 500;

export interface EndNoticeOptions {
  showTimeline: (sessionId: string) => void;
  onError: (doing: string, error: unknown) => void;
}

/** Says that sessions ended, of several in one sentence. */
export class EndNotice implements vscode.Disposable {
  readonly #options: EndNoticeOptions;
  #ended: SessionSummary[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EndNoticeOptions) {
    this.#options = options;
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }

  add(session: SessionSummary): void {
    this.#ended.push(session);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#show(this.#ended.splice(0)).catch((error: unknown) => this.#options.onError('notification', error));
    }, GATHER_MS);
  }

  async #show(ended: readonly SessionSummary[]): Promise<void> {
    const [session] = ended;
    if (session === undefined) return;
    const [show, review] = [vscode.l10n.t('Show'), vscode.l10n.t('Review Changes')];
    if (ended.length > 1) {
      const failed = ended.filter(({ status }) => status === 'Failed').length;
      const all = vscode.l10n.t('{0} sessions ended', ended.length);
      const message = failed === 0 ? `${all}.` : vscode.l10n.t('{all}, {failed} of them failed.', { all, failed });
      if ((await showInformationMessage(message, show)) === show) await vscode.commands.executeCommand(FOCUS_SESSIONS);
      return;
    }
    const { id, changes } = session;
    const hasChanges = changes !== undefined && changes.files > 0;
    const answer = await showInformationMessage(sentenceOf(session), ...(hasChanges ? [review] : []), show);
    if (answer === show) this.#options.showTimeline(id);
    if (answer === review) await vscode.commands.executeCommand(COMMANDS.reviewChanges, { kind: 'session', id });
  }
}

function sentenceOf({ title, status, failureReason, changes }: SessionSummary): string {
  const name = visibleLine(title).text;
  if (status === 'Completed')
    return changes === undefined || changes.files === 0
      ? vscode.l10n.t('“{name}” is done.', { name })
      : vscode.l10n.t('“{name}” is done: {changes}.', { name, changes: describeChanges(changes) });
  return failureReason === undefined
    ? vscode.l10n.t('“{name}” failed.', { name })
    : vscode.l10n.t('“{name}” failed: {reason}', { name, reason: visibleLine(failureReason).text });
}
