import * as v from 'valibot';
import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { PermissionSource } from '../sessions/permissionAnswer';
import { answerOnce, askAndAnswer } from '../sessions/permissionAnswer';
import type { CommandName } from '../text/contributions';
import type { CommandActions } from './commandRunner';

export type PermissionCommandName = Extract<
  CommandName,
  'answerPermission' | 'allowPermission' | 'denyPermission' | 'showPermission'
>;

/** A row of the tree, with the question that it shows. */
const rowSchema = v.object({ question: v.string() });

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
  const answerShown = async (argument: unknown, answer: 'allow' | 'deny'): Promise<void> => {
    const row = v.safeParse(rowSchema, argument);
    await answerOnce(source, await chooseAsking(argument), answer, row.success ? row.output.question : undefined);
  };
  return {
    answerPermission: async (argument) => await askAndAnswer(source, await chooseAsking(argument)),
    allowPermission: async (argument) => await answerShown(argument, 'allow'),
    denyPermission: async (argument) => await answerShown(argument, 'deny'),
    showPermission: async (argument) => source.showTimeline((await chooseAsking(argument)).id),
  };
}
