import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionOption } from '../../storage/events';
import type { PermissionAnswer, PermissionSummary, SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import { plainLabel } from '../text/plainLabel';

const ICONS: Record<PermissionOption['kind'], string> = {
  allow_once: 'check',
  allow_always: 'check-all',
  reject_once: 'close',
  reject_always: 'circle-slash',
};

/** The oldest open question of the session. Throws PERMISSION_NOT_FOUND. */
function firstPending(session: SessionSummary): PermissionSummary {
  const [first] = session.pendingPermissions;
  if (first === undefined)
    throw new CorralError('PERMISSION_NOT_FOUND', 'This session asks for nothing at the moment.');
  return first;
}

/** The answer to a question of the session's current run, and of no later one. */
export function answerOf({ currentRunId }: SessionSummary, { optionId }: PermissionOption): PermissionAnswer {
  return { optionId, ...(currentRunId !== undefined && { runId: currentRunId }) };
}

/** Lets a person choose among all that the agent offers. */
export async function askAndAnswer(supervisor: Supervisor, session: SessionSummary): Promise<void> {
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
  if (chosen === undefined) throw new CorralError('CANCELLED', 'The question stays open.');
  await supervisor.answerPermission(session.id, pending.requestId, answerOf(session, chosen.option));
}

/** Answers the oldest open question with the plain Allow or Deny, for this once. */
export async function answerOnce(
  supervisor: Supervisor,
  session: SessionSummary,
  kind: 'allow_once' | 'reject_once',
): Promise<void> {
  const pending = firstPending(session);
  const option = pending.options.find((each) => each.kind === kind);
  if (option === undefined) await askAndAnswer(supervisor, session);
  else await supervisor.answerPermission(session.id, pending.requestId, answerOf(session, option));
}
