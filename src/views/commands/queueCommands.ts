import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import { chooseDependencies } from '../pickers/dependencyChoice';
import type { ChooseSession } from '../pickers/sessionChoice';
import { isWaiting } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import type { CommandActions } from './commandRunner';

export type QueueCommandName = Extract<
  CommandName,
  'startNow' | 'waitForLimit' | 'moveUpInQueue' | 'moveDownInQueue' | 'startAfter'
>;

/** What these commands need of the supervisor. */
export type QueueSource = Pick<
  CorralApi,
  'listSessions' | 'startNow' | 'waitForLimit' | 'moveInQueue' | 'setDependencies'
>;

/** Commands that change when a waiting session starts. */
export function queueCommands(source: QueueSource, choose: ChooseSession): CommandActions<QueueCommandName> {
  const none = vscode.l10n.t('No session is waiting in the queue.');
  const move = async (argument: unknown, title: string, steps: number): Promise<void> => {
    const { id, queuePosition } = await choose(argument, title, isWaiting, none);
    if (queuePosition !== undefined) await source.moveInQueue(id, queuePosition + steps);
  };
  return {
    startNow: async (argument) =>
      await source.startNow((await choose(argument, vscode.l10n.t('Start Now'), isWaiting, none)).id),
    waitForLimit: async (argument) => {
      const nobody = vscode.l10n.t('No session asks about a usage limit.');
      const asks = ({ asksAboutLimit }: SessionSummary): boolean => asksAboutLimit === true;
      await source.waitForLimit((await choose(argument, vscode.l10n.t('Wait for Usage Limit'), asks, nobody)).id);
    },
    moveUpInQueue: async (argument) => await move(argument, vscode.l10n.t('Move Up in Queue'), -1),
    moveDownInQueue: async (argument) => await move(argument, vscode.l10n.t('Move Down in Queue'), 1),
    startAfter: async (argument) => {
      const session = await choose(argument, vscode.l10n.t('Start After'), isWaiting, none);
      const { repository, id, dependsOn = [] } = session;
      const others = await chooseDependencies(source, repository, dependsOn, (each) => each.id !== id);
      if (others !== undefined) await source.setDependencies(id, others);
    },
  };
}
