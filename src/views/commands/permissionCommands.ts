import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { ChooseSession } from '../pickers/sessionChoice';
import type { PermissionSource } from '../sessions/permissionAnswer';
import { answerOnce, askAndAnswer } from '../sessions/permissionAnswer';
import type { CommandName } from '../text/contributions';
import type { CommandActions } from './commandRunner';

export type PermissionCommandName = Extract<CommandName, 'answerPermission' | 'allowPermission' | 'denyPermission'>;

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
  return {
    answerPermission: async (argument) => await askAndAnswer(source, await chooseAsking(argument)),
    allowPermission: async (argument) => await answerOnce(source, await chooseAsking(argument), 'allow_once'),
    denyPermission: async (argument) => await answerOnce(source, await chooseAsking(argument), 'reject_once'),
  };
}
