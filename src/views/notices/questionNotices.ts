import * as vscode from 'vscode';
import { oneLine } from '../../common/oneLine';
import { visibleText } from '../../common/visibleText';
import type { CorralErrorCode } from '../../storage/errors';
import { CorralError } from '../../storage/errors';
import type { CorralApi, PermissionAnswer, SessionSummary } from '../../supervisor/api';
import { isPlainMessage, plainOptions, questionId, questionsInPicker } from '../sessions/openQuestion';
import { answerOf, askAndAnswer } from '../sessions/permissionAnswer';
import { showInformationMessage, showPassingMessage } from '../text/messages';

/** Error codes of an answer that came too late. */
const LATE_CODES: ReadonlySet<CorralErrorCode> = new Set(['ALREADY_ANSWERED', 'PERMISSION_NOT_FOUND', 'NOT_RUNNING']);

export interface QuestionNoticesOptions {
  source: Pick<CorralApi, 'answerPermission'>;
  showTimeline: (sessionId: string) => void;
}

/** Shows questions of agents, and takes their answers. */
export class QuestionNotices {
  readonly #options: QuestionNoticesOptions;
  /** Says that a question's notice has no use any more; by the question's id. */
  readonly #open = new Map<string, { sessionId: string; end: () => void }>();

  constructor(options: QuestionNoticesOptions) {
    this.#options = options;
  }

  /** Those of the session that it does not ask any more. */
  closeAnswered(session: SessionSummary): void {
    for (const [key, { sessionId, end }] of this.#open)
      if (sessionId === session.id && !session.pendingPermissions.some((each) => questionId(session, each) === key))
        end();
  }

  closeAll(sessionId: string): void {
    for (const open of this.#open.values()) if (open.sessionId === sessionId) open.end();
  }

  async show(session: SessionSummary, requestId: string): Promise<void> {
    const pending = session.pendingPermissions.find((each) => each.requestId === requestId);
    if (pending === undefined) return;
    const { showTimeline } = this.#options;
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
    if (option !== undefined) await this.#answer(session.id, requestId, answerOf(session, option));
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
}
