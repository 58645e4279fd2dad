import * as vscode from 'vscode';
import { visibleLine } from '../../common/visibleText';
import type { SessionSummary } from '../../supervisor/api';
import { budgetText } from '../text/budgetText';
import { showInformationMessage } from '../text/messages';

/** Says that a session has used most of a budget. */
export async function showBudgetNotice(
  { showTimeline }: { showTimeline: (sessionId: string) => void },
  { id, title, budget }: SessionSummary,
): Promise<void> {
  if (budget === undefined) return;
  const show = vscode.l10n.t('Show');
  const named = { name: visibleLine(title).text, used: budgetText(budget) };
  const message = vscode.l10n.t('“{name}” has used most of its budget: {used}.', named);
  if ((await showInformationMessage(message, show)) === show) showTimeline(id);
}
