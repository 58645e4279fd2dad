import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { PermissionSource } from '../sessions/permissionAnswer';
import { isHastyAnswer } from '../sessions/openQuestion';
import { answerOnce, askAndAnswer } from '../sessions/permissionAnswer';
import type { CommandName } from '../text/contributions';
import { showHint } from '../text/messages';
import type { CommandActions } from './commandRunner';

export type PermissionCommandName = Extract<
  CommandName,
  'answerPermission' | 'allowPermission' | 'denyPermission' | 'showPermission'
>;

/** A row of the tree, with the question that it shows. */
const rowSchema = v.object({ question: v.string(), sinceMs: v.number() });

/** Commands to answer an agent's question. */
export function permissionCommands(
  source: PermissionSource,
  choose: ChooseSession,
): CommandActions<PermissionCommandName> {
  const chooseAsking = async (argument: unknown): Promise<SessionSummary> =>
    await choose(
      argument,
      vscode.l10n.t('Answer Permission'),
      (session) => session.needsInput,
      vscode.l10n.t('No session has an open question.'),
    );
  let last: { question: string; answeredMs: number } | undefined;
  const answerShown = async (argument: unknown, answer: 'allow' | 'deny'): Promise<void> => {
    const row = v.safeParse(rowSchema, argument);
    if (row.success) {
      const nowMs = Date.now();
      if (isHastyAnswer(row.output, last, nowMs)) {
        const hint = vscode.l10n.t('Not answered: another question had just come to stand there. Read it first.');
        showHint(hint);
        return;
      }
      last = { question: row.output.question, answeredMs: nowMs };
    }
    await answerOnce(source, await chooseAsking(argument), answer, row.success ? row.output.question : undefined);
  };
  return {
    answerPermission: async (argument) => await askAndAnswer(source, await chooseAsking(argument)),
    allowPermission: async (argument) => await answerShown(argument, 'allow'),
    denyPermission: async (argument) => await answerShown(argument, 'deny'),
    showPermission: async (argument) => source.showTimeline((await chooseAsking(argument)).id),
  };
}
