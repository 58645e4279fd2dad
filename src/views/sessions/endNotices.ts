import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { COMMANDS, FOCUS_SESSIONS } from '../text/contributions';
import { showInformationMessage } from '../text/messages';
import { describeChanges } from '../text/worktreeLabels';
import { isToTell, type NoticeSettings, type Sight } from '../noticeChoice';
import { NOTICE_PRECEDENCE_MS } from './notifications';

/** A timeline that is in sight shows the end within this time, and the end counts as seen. */
const SEEN_MS = 1_000;
/** Ends that come closer together than this share a notice. */
const GATHER_MS = 500;
/** What claims the notice of a run's end, beside those of its questions. */
const END = 'end';

export interface EndNoticesOptions {
  source: Pick<CorralApi, 'getSession' | 'onDidEndRun'> & {
    /** True for the one window that is to tell of the end. */
    claimNotification(id: string, runId: string, requestId: string): Promise<boolean>;
  };
  settings: () => NoticeSettings;
  distance: (session: SessionSummary) => number;
  isUnseen: (session: SessionSummary) => boolean;
  sight: (sessionId: string) => Sight;
  showTimeline: (sessionId: string) => void;
  onError: (doing: string, error: unknown) => void;
}

/** Tells that sessions ended, in one window, where nobody looks at them. What a person ended is not told. */
export class EndNotices implements vscode.Disposable {
  readonly #options: EndNoticesOptions;
  readonly #subscription: { dispose(): void };
  #ended: SessionSummary[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: EndNoticesOptions) {
    this.#options = options;
    this.#subscription = options.source.onDidEndRun(({ sessionId, runId }) => {
      this.#take(sessionId, runId).catch((error: unknown) => options.onError('notification', error));
    });
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#subscription.dispose();
  }

  async #take(sessionId: string, runId: string): Promise<void> {
    const { source, settings, distance, isUnseen, sight } = this.#options;
    await delay(SEEN_MS);
    const session = await source.getSession(sessionId);
    if (session.currentRunId !== runId || session.restored) return; // a teardown, or another run began
    const choice = session.status === 'Failed' ? settings().failures : settings().ends;
    if (choice === 'never') return;
    if (!isUnseen(session) || !isToTell(choice, sight(sessionId))) {
      await source.claimNotification(sessionId, runId, END); // no other window needs to tell it
      return;
    }
    await delay(distance(session) * NOTICE_PRECEDENCE_MS);
    if (!(await source.claimNotification(sessionId, runId, END))) return;
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
