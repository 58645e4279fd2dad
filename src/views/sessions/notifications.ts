import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { CorralErrorCode } from '../../storage/errors';
import { CorralError } from '../../storage/errors';
import type { PermissionAnswer, PermissionSummary, RecoveryReport, SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import { showInformationMessage } from '../text/messages';
import { answerOf, askAndAnswer } from './permissionAnswer';

const LATE_CODES: ReadonlySet<CorralErrorCode> = new Set(['ALREADY_ANSWERED', 'PERMISSION_NOT_FOUND', 'NOT_RUNNING']);

/** A window that is farther from a session leaves the nearer ones this much time to speak first. */
const PRECEDENCE_MS = 400;

export interface NotificationsOptions {
  supervisor: Supervisor;
  /** How near the session is to this window; the nearest one speaks. */
  distance: (session: SessionSummary) => number;
  showTimeline: (sessionId: string) => void;
  onError: (doing: string, error: unknown) => void;
}

/** Says once when a session needs an answer, and once what start-up found. Everything else is quiet: the tree says it. */
export class Notifications implements vscode.Disposable {
  readonly #options: NotificationsOptions;
  readonly #told = new Set<string>();
  readonly #subscriptions: { dispose(): void }[];

  constructor(options: NotificationsOptions) {
    this.#options = options;
    const { supervisor } = options;
    this.#subscriptions = [
      supervisor.onDidChangeSessions(({ sessionIds }) => void this.#tell(sessionIds)),
      supervisor.onDidCompleteRecovery((report) => void this.#tellRecovery(report)),
    ];
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  async #tell(sessionIds: readonly string[]): Promise<void> {
    for (const id of sessionIds) {
      try {
        const session = await this.#options.supervisor.getSession(id);
        if (session.needsInput && !session.checking)
          for (const pending of session.pendingPermissions) this.#ask(session, pending);
      } catch (error) {
        this.#options.onError('notification', error);
      }
    }
  }

  #ask(session: SessionSummary, pending: PermissionSummary): void {
    const key = `${session.currentRunId ?? ''} ${pending.requestId}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    void this.#askPerson(session, pending).catch((error: unknown) => this.#options.onError('answerPermission', error));
  }

  /** True where this window is the one to speak: nearer ones have gone first, and nobody answered meanwhile. */
  async #isOurs(session: SessionSummary, pending: PermissionSummary): Promise<boolean> {
    const { supervisor, distance } = this.#options;
    await delay(distance(session) * PRECEDENCE_MS);
    const { pendingPermissions, currentRunId } = await supervisor.getSession(session.id);
    if (
      currentRunId !== session.currentRunId ||
      !pendingPermissions.some(({ requestId }) => requestId === pending.requestId)
    )
      return false;
    return await supervisor.claimNotification(session.id, session.currentRunId ?? '', pending.requestId);
  }

  async #askPerson(session: SessionSummary, pending: PermissionSummary): Promise<void> {
    const { supervisor, showTimeline } = this.#options;
    if (!(await this.#isOurs(session, pending))) return;
    const allow = pending.options.find(({ kind }) => kind === 'allow_once');
    const deny = pending.options.find(({ kind }) => kind === 'reject_once');
    const show = 'Show';
    const labels = [allow, deny].flatMap((option) => (option === undefined ? [] : [option.name]));
    const answer = await showInformationMessage(`${session.title} needs input: ${pending.title}`, ...labels, show);
    if (answer === undefined) return;
    const option = [allow, deny].find((each) => each?.name === answer);
    if (option !== undefined) await this.#answer(session.id, pending.requestId, answerOf(session, option));
    else if (labels.length === 0) await askAndAnswer(supervisor, session);
    else showTimeline(session.id);
  }

  /** VS Code keeps a notification that nobody closed: its buttons may come too late, which is nobody's mistake. */
  async #answer(sessionId: string, requestId: string, answer: PermissionAnswer): Promise<void> {
    try {
      await this.#options.supervisor.answerPermission(sessionId, requestId, answer);
    } catch (error) {
      if (!(error instanceof CorralError) || !LATE_CODES.has(error.code)) throw error;
      await showInformationMessage(
        'This question is no longer open: it was answered elsewhere, or the agent took it back.',
      );
    }
  }

  async #tellRecovery(report: RecoveryReport): Promise<void> {
    const parts = [
      [report.restored.length, 'cut off and can be resumed'],
      [report.failed.length, 'failed'],
      [report.unreachable.length, 'not answering'],
    ] as const;
    const said = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
    if (said.length === 0) return; // what goes on, or ended well, needs no words
    const show = 'Show Sessions';
    const answer = await showInformationMessage(
      `While you were away, of the sessions that were running: ${said.join(', ')}.`,
      show,
    );
    if (answer === show) await vscode.commands.executeCommand('corral.sessions.focus');
  }
}
