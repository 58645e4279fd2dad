import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import { visibleText } from '../../common/visibleText';
import type { CorralErrorCode } from '../../storage/errors';
import { CorralError } from '../../storage/errors';
import type {
  CorralApi,
  PermissionAnswer,
  PermissionSummary,
  RecoveryReport,
  SessionSummary,
} from '../../supervisor/api';
import { FOCUS_SESSIONS } from '../text/contributions';
import { showInformationMessage, showPassingMessage } from '../text/messages';
import { isPlainMessage, plainOptions, questionId, questionsInPicker } from './openQuestion';
import { isToTell, type NoticeSettings, type Sight } from '../noticeChoice';
import { answerOf, askAndAnswer } from './permissionAnswer';

/** Error codes of an answer that came too late. */
const LATE_CODES: ReadonlySet<CorralErrorCode> = new Set(['ALREADY_ANSWERED', 'PERMISSION_NOT_FOUND', 'NOT_RUNNING']);

/** A window waits this long for each step of distance, so that a nearer window notifies first. */
export const NOTICE_PRECEDENCE_MS = 400;

/** What notifications need of the supervisor. */
export interface NotificationsSource extends Pick<
  CorralApi,
  'getSession' | 'answerPermission' | 'onDidChangeSessions' | 'onDidCompleteRecovery'
> {
  /** True for the one window that is to show a question. */
  claimNotification(id: string, runId: string, requestId: string): Promise<boolean>;
}

export interface NotificationsOptions {
  source: NotificationsSource;
  /** How near the session is to this window; the nearest one shows notifications. */
  distance: (session: SessionSummary) => number;
  showTimeline: (sessionId: string) => void;
  settings: () => NoticeSettings;
  sight: (sessionId: string) => Sight;
  onError: (doing: string, error: unknown) => void;
}

/** Notifies once when a session needs an answer, and once of what start-up found. The tree says everything else. */
export class Notifications implements vscode.Disposable {
  readonly #options: NotificationsOptions;
  readonly #shown = new Set<string>();
  /** Says that a question's notification has no use any more; by the question's id. */
  readonly #open = new Map<string, { sessionId: string; end: () => void }>();
  readonly #subscriptions: { dispose(): void }[];

  constructor(options: NotificationsOptions) {
    this.#options = options;
    const { source } = options;
    this.#subscriptions = [
      source.onDidChangeSessions(({ sessionIds }) => void this.#showQuestions(sessionIds)),
      source.onDidCompleteRecovery((report) => void this.#showRecovery(report)),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** A person has the session's timeline before them, where the question stands whole. */
  sessionShown(sessionId: string): void {
    const { isWindowFocused, isTimelineActive } = this.#options.sight(sessionId);
    if (!isWindowFocused || !isTimelineActive) return;
    for (const open of this.#open.values()) if (open.sessionId === sessionId) open.end();
  }

  async #showQuestions(sessionIds: readonly string[]): Promise<void> {
    for (const id of sessionIds) {
      try {
        const session = await this.#options.source.getSession(id);
        const asked = new Set(session.pendingPermissions.map((pending) => questionId(session, pending)));
        for (const [key, { sessionId, end }] of this.#open) if (sessionId === id && !asked.has(key)) end();
        if (session.needsInput && !session.checking)
          for (const pending of session.pendingPermissions) this.#showOnce(session, pending);
      } catch (error) {
        this.#options.onError('notification', error);
      }
    }
  }

  #showOnce(session: SessionSummary, pending: PermissionSummary): void {
    const key = questionId(session, pending);
    if (this.#shown.has(key)) return;
    this.#shown.add(key);
    void this.#askPerson(session, pending).catch((error: unknown) => this.#options.onError('answerPermission', error));
  }

  /** True where no nearer window shows the question, and nobody answered it meanwhile. */
  async #claim(session: SessionSummary, pending: PermissionSummary): Promise<boolean> {
    const { source, distance } = this.#options;
    await delay(distance(session) * NOTICE_PRECEDENCE_MS);
    const { pendingPermissions, currentRunId } = await source.getSession(session.id);
    if (
      currentRunId !== session.currentRunId ||
      !pendingPermissions.some(({ requestId }) => requestId === pending.requestId)
    )
      return false;
    return await source.claimNotification(session.id, session.currentRunId ?? '', pending.requestId);
  }

  async #askPerson(session: SessionSummary, pending: PermissionSummary): Promise<void> {
    const { showTimeline, settings, sight } = this.#options;
    const choice = settings().questions;
    if (choice === 'never' || !(await this.#claim(session, pending)) || !isToTell(choice, sight(session.id))) return;
    const show = vscode.l10n.t('Show');
    const choose = vscode.l10n.t('Answer…');
    const { allow, deny } = (isPlainMessage(pending) ? plainOptions(pending) : undefined) ?? {};
    const options = [allow, deny].filter((option) => option !== undefined && option.name !== show);
    const title = visibleText(oneLine(session.title));
    const message = vscode.l10n.t('{title} needs input: {question}', { title, question: pending.title });
    const isChoice = options.length === 0 && questionsInPicker(pending) !== undefined;
    const names = isChoice ? [choose] : options.flatMap((option) => option?.name ?? []);
    const key = questionId(session, pending);
    const over = new Promise<void>((end) => this.#open.set(key, { sessionId: session.id, end }));
    const answer = await showPassingMessage(message, over, ...names, show);
    this.#open.delete(key);
    if (answer === undefined) return;
    if (isChoice && answer === choose) {
      const answerPermission = this.#answer.bind(this);
      await askAndAnswer({ answerPermission, showTimeline }, session, pending);
      return;
    }
    const option = options.find((each) => each?.name === answer);
    if (option !== undefined) await this.#answer(session.id, pending.requestId, answerOf(session, option));
    else showTimeline(session.id);
  }

  /** A notification stays until somebody closes it, so its buttons may come too late: that is nobody's mistake. */
  async #answer(sessionId: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    try {
      await this.#options.source.answerPermission(sessionId, requestId, answer);
    } catch (error) {
      if (!(error instanceof CorralError) || !LATE_CODES.has(error.code)) throw error;
      await showInformationMessage(
        vscode.l10n.t('This question is closed: it was answered elsewhere, or the agent withdrew it.'),
      );
    }
  }

  async #showRecovery({ restored, failed, unreachable }: RecoveryReport): Promise<void> {
    const counts = [
      ...(restored.length === 0 ? [] : [vscode.l10n.t('{0} cut off and can be resumed', restored.length)]),
      ...(failed.length === 0 ? [] : [vscode.l10n.t('{0} failed', failed.length)]),
      ...(unreachable.length === 0 ? [] : [vscode.l10n.t('{0} not answering', unreachable.length)]),
    ].join(', ');
    if (counts === '') return; // runs that go on or ended well need no message
    const show = vscode.l10n.t('Show Sessions');
    const message = vscode.l10n.t('Sessions that were running while you were away: {counts}.', { counts });
    if ((await showInformationMessage(message, show)) === show) await vscode.commands.executeCommand(FOCUS_SESSIONS);
  }
}
