import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import { warningName } from '../../storage/budget';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { isToTell, type NoticeSettings, type Sight } from '../noticeChoice';
import { budgetText } from '../text/budgetText';
import { showInformationMessage } from '../text/messages';
import { NOTICE_PRECEDENCE_MS } from './notifications';

export interface BudgetNoticesOptions {
  source: Pick<CorralApi, 'getSession' | 'onDidChangeSessions'> & {
    /** True for the one window that is to tell of it. */
    claimNotification(id: string, runId: string, requestId: string): Promise<boolean>;
  };
  settings: () => NoticeSettings;
  distance: (session: SessionSummary) => number;
  sight: (sessionId: string) => Sight;
  showTimeline: (sessionId: string) => void;
  onError: (doing: string, error: unknown) => void;
}

/** Tells once, in one window, that a session has used most of a budget. */
export class BudgetNotices implements vscode.Disposable {
  readonly #options: BudgetNoticesOptions;
  readonly #told = new Set<string>();
  readonly #subscription: { dispose(): void };

  constructor(options: BudgetNoticesOptions) {
    this.#options = options;
    this.#subscription = options.source.onDidChangeSessions(({ sessionIds }) => {
      for (const id of sessionIds) this.#take(id).catch((error: unknown) => options.onError('notification', error));
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #take(sessionId: string): Promise<void> {
    const { source, settings, distance, sight, showTimeline } = this.#options;
    const session = await source.getSession(sessionId);
    const { currentRunId: runId = '' } = session;
    const { name, message } = warningOf(session) ?? {};
    if (name === undefined || message === undefined) return;
    if (this.#told.has(`${runId} ${name}`)) return;
    this.#told.add(`${runId} ${name}`);
    const choice = settings().limits;
    if (choice === 'never') return;
    await delay(distance(session) * NOTICE_PRECEDENCE_MS);
    if (!(await source.claimNotification(sessionId, runId, name)) || !isToTell(choice, sight(sessionId))) return;
    const show = vscode.l10n.t('Show');
    if ((await showInformationMessage(message, show)) === show) showTimeline(sessionId);
  }
}

/** What there is to tell of a session, and by which name it is known that it was told. */
function warningOf(session: SessionSummary): { name: string; message: string } | undefined {
  const { budget, status } = session;
  const name = visibleLine(session.title).text;
  // A budget that is used up asks a question, of which there is a notification.
  if (budget === undefined || budget.used >= budget.limit || status !== 'Running') return undefined;
  const message = vscode.l10n.t('“{name}” has used most of its budget: {used}.', { name, used: budgetText(budget) });
  return { name: `budget ${warningName(budget)}`, message };
}
