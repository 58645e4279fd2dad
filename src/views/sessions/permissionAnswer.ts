import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionOption } from '../../storage/events';
import type { CorralApi, PermissionAnswer, PermissionSummary, SessionSummary } from '../../supervisor/api';
import { plainLabel } from '../text/plainLabel';

/** What is needed to answer an agent's question. */
export type PermissionSource = Pick<CorralApi, 'answerPermission'>;

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

/** Lets a person choose among all that the agent offers. */
export async function askAndAnswer(source: PermissionSource, session: SessionSummary): Promise<void> {
  const pending = firstPending(session);
  const items = pending.options.map((option) => ({
    label: `$(${ICONS[option.kind]}) ${plainLabel(option.name)}`,
    option,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: `${session.title} · ${session.agent}`,
    placeHolder: pending.title,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('The question stays open.'));
  await source.answerPermission(session.id, pending.requestId, answerOf(session, chosen.option));
}

/** Answers the session's oldest open question with the agent's plain “allow” or “deny”, for this once. */
export async function answerOnce(
  source: PermissionSource,
  session: SessionSummary,
  kind: 'allow_once' | 'reject_once',
): Promise<void> {
  const pending = firstPending(session);
  const option = pending.options.find((each) => each.kind === kind);
  if (option === undefined) await askAndAnswer(source, session);
  else await source.answerPermission(session.id, pending.requestId, answerOf(session, option));
}
