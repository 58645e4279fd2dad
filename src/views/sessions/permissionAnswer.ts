import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionOption } from '../../storage/events';
import type { CorralApi, PermissionAnswer, PermissionSummary, SessionSummary } from '../../supervisor/api';
import { plainLabel } from '../text/plainLabel';
import { answerQuestions } from './answerQuestions';
import { fitsQuickPick, plainOptions, questionId, questionsInPicker } from './openQuestion';

/** What is needed to answer an agent's question. */
export interface PermissionSource extends Pick<CorralApi, 'answerPermission'> {
  showTimeline: (sessionId: string) => void;
}

const ICONS: Record<PermissionOption['kind'], string> = {
  allow_once: 'check',
  allow_always: 'check-all',
  reject_once: 'close',
  reject_always: 'circle-slash',
};

/**
 * The session's oldest open question.
 *
 * @throws PERMISSION_NOT_FOUND
 */
function firstPending(session: SessionSummary): PermissionSummary {
  const [first] = session.pendingPermissions;
  if (first === undefined)
    throw new CorralError('PERMISSION_NOT_FOUND', vscode.l10n.t('This session has no open question.'));
  return first;
}

/** The answer to a question of the session's current run, and of no later one. */
export function answerOf({ currentRunId }: SessionSummary, { optionId }: PermissionOption): PermissionAnswer {
  return { optionId, ...(currentRunId !== undefined && { runId: currentRunId }) };
}

/** Lets a person choose among all that the agent offers, or look at what cannot be shown here. */
export async function askAndAnswer(
  source: PermissionSource,
  session: SessionSummary,
  pending = firstPending(session),
): Promise<void> {
  const questions = questionsInPicker(pending);
  if (questions !== undefined) {
    const answer = await answerQuestions(session, pending, questions);
    const run = session.currentRunId === undefined ? {} : { runId: session.currentRunId };
    await source.answerPermission(session.id, pending.requestId, { ...answer, ...run });
    return;
  }
  const deny = pending.options.find(({ kind }) => kind === 'reject_once');
  const items: (vscode.QuickPickItem & { option?: PermissionOption; asksReason?: true })[] = fitsQuickPick(pending)
    ? [
        ...pending.options.map((option) => ({
          label: `$(${ICONS[option.kind]}) ${plainLabel(option.name)}`,
          description: describeKind(option.kind),
          option,
        })),
        ...(deny === undefined
          ? []
          : [{ label: `$(close) ${vscode.l10n.t('Deny with Reason…')}`, option: deny, asksReason: true as const }]),
      ]
    : [{ label: `$(eye) ${vscode.l10n.t('Show')}`, description: vscode.l10n.t('all of it, to answer it there') }];
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${session.title} · ${session.agent}`,
    placeHolder: pending.title,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('The question stays open.'));
  if (chosen.option === undefined) source.showTimeline(session.id);
  else
    await source.answerPermission(session.id, pending.requestId, {
      ...answerOf(session, chosen.option),
      ...(chosen.asksReason ? { message: await askReason() } : {}),
    });
}

async function askReason(): Promise<string> {
  const reason = await vscode.window.showInputBox({
    title: vscode.l10n.t('Deny with Reason'),
    prompt: vscode.l10n.t('What the agent should do instead'),
    ignoreFocusOut: true,
  });
  if (reason === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('The question stays open.'));
  return reason;
}

/** What the answer does, whatever the agent calls it. */
function describeKind(kind: PermissionOption['kind']): string {
  switch (kind) {
    case 'allow_once':
      return vscode.l10n.t('allows it this time');
    case 'allow_always':
      return vscode.l10n.t('allows it from now on');
    case 'reject_once':
      return vscode.l10n.t('refuses it this time');
    case 'reject_always':
      return vscode.l10n.t('refuses it from now on');
  }
}

/** Answers what a row showed with “allow” or “deny” for this once. `shown` is that question's id. */
export async function answerOnce(
  source: PermissionSource,
  session: SessionSummary,
  answer: 'allow' | 'deny',
  shown: string | undefined,
): Promise<void> {
  const pending = firstPending(session);
  const option = plainOptions(pending)?.[answer];
  // Without a row, or where another question took the place of the shown one, nobody has read it yet.
  if (option === undefined || shown !== questionId(session, pending)) await askAndAnswer(source, session);
  else await source.answerPermission(session.id, pending.requestId, answerOf(session, option));
}
