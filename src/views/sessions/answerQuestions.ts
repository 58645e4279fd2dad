import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { PermissionOption } from '../../storage/events';
import type { PermissionAnswer, PermissionSummary, SessionSummary } from '../../supervisor/api';
import type { ToolQuestion } from '../../tools/toolDescription';
import { plainLabel } from '../text/plainLabel';

/** An entry of the list: one of the question's options, other words, or an option that refuses to answer. */
interface Entry extends vscode.QuickPickItem {
  answer?: string;
  isOther?: true;
  refusal?: PermissionOption;
}

/**
 * Asks a person every question of the agent, one after the other.
 *
 * @throws CANCELLED
 */
export async function answerQuestions(
  session: SessionSummary,
  pending: PermissionSummary,
  questions: readonly ToolQuestion[],
): Promise<PermissionAnswer> {
  const answers: string[][] = [];
  for (const [index, question] of questions.entries()) {
    const step = questions.length > 1 ? vscode.l10n.t(' ({0} of {1})', index + 1, questions.length) : '';
    const chosen = await ask(`${session.title} · ${session.agent}${step}`, pending, question);
    const refusal = chosen.find((entry) => entry.refusal !== undefined)?.refusal;
    if (refusal !== undefined) return { optionId: refusal.optionId };
    const words = chosen.flatMap(({ answer }) => answer ?? []);
    if (chosen.some(({ isOther }) => isOther) || question.options.length === 0) words.push(await askWords(question));
    answers.push(words);
  }
  if (pending.answerOption !== undefined) return { optionId: pending.answerOption, answers };
  // A runner of an older version takes one of its options.
  const option = pending.options.find(({ name }) => name === answers[0]?.[0]);
  if (option === undefined) throw new CorralError('INVALID_ARGUMENT', vscode.l10n.t('Choose one of the options.'));
  return { optionId: option.optionId };
}

async function ask(title: string, pending: PermissionSummary, question: ToolQuestion): Promise<readonly Entry[]> {
  const { text, options, multiSelect } = question;
  if (options.length === 0) return [];
  const refusals = pending.options.filter(({ kind }) => kind.startsWith('reject'));
  const entries: Entry[] = [
    ...options.map(({ label, description }): Entry => ({
      label: plainLabel(label),
      ...(description === undefined ? {} : { detail: plainLabel(description) }),
      answer: label,
    })),
    ...(pending.answerOption === undefined
      ? []
      : [{ label: `$(edit) ${vscode.l10n.t('Another answer…')}`, isOther: true as const }]),
  ];
  const shared = { title, placeHolder: text, ignoreFocusOut: true, matchOnDetail: true };
  const chosen = multiSelect
    ? await vscode.window.showQuickPick(entries, { ...shared, canPickMany: true })
    : await vscode.window.showQuickPick(
        [...entries, ...refusals.map((refusal) => ({ label: `$(close) ${plainLabel(refusal.name)}`, refusal }))],
        shared,
      );
  if (chosen === undefined) throw cancelled();
  return Array.isArray(chosen) ? chosen : [chosen];
}

async function askWords({ text, header }: ToolQuestion): Promise<string> {
  const words = await vscode.window.showInputBox({
    title: header ?? vscode.l10n.t('Your answer'),
    prompt: text,
    ignoreFocusOut: true,
  });
  if (words === undefined) throw cancelled();
  return words;
}

function cancelled(): CorralError {
  return new CorralError('CANCELLED', vscode.l10n.t('The question stays open.'));
}
