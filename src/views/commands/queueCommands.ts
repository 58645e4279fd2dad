import * as vscode from 'vscode';
import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';
import type { Supervisor } from '../../supervisor/supervisor';
import { showInformationMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import type { ChooseSession } from '../pickers/sessionChoice';

export type QueueCommandName = Extract<CommandName, 'startNow' | 'moveUpInQueue' | 'moveDownInQueue' | 'startAfter'>;

const waits = (session: SessionSummary): boolean => session.queuePosition !== undefined;
const NONE_WAITS = 'No session waits for its turn.';

/** What can be done with a session that waits for its turn. */
export function queueCommands(
  supervisor: Supervisor,
  choose: ChooseSession,
): Record<QueueCommandName, (argument: unknown) => Promise<void>> {
  const move = async (argument: unknown, title: string, steps: number): Promise<void> => {
    const { id, queuePosition } = await choose(argument, title, waits, NONE_WAITS);
    if (queuePosition !== undefined) await supervisor.moveInQueue(id, queuePosition + steps);
  };
  return {
    startNow: async (argument) =>
      await supervisor.startNow((await choose(argument, 'Start Now', waits, NONE_WAITS)).id),
    moveUpInQueue: async (argument) => await move(argument, 'Move Up in Queue', -1),
    moveDownInQueue: async (argument) => await move(argument, 'Move Down in Queue', 1),
    startAfter: async (argument) => {
      const session = await choose(argument, 'Start After', waits, NONE_WAITS);
      const { repository, id, dependsOn = [] } = session;
      const others = await chooseDependencies(supervisor, repository, dependsOn, (each) => each.id !== id);
      if (others !== undefined) await supervisor.setDependencies(id, others);
    },
  };
}

/** Asks which sessions of a repository have to complete first; undefined where nothing was chosen. */
export async function chooseDependencies(
  supervisor: Supervisor,
  repository: string,
  chosen: readonly string[],
  fits: (session: SessionSummary) => boolean = () => true,
): Promise<string[] | undefined> {
  const isOpen = ({ id, state, restored, deleted }: SessionSummary): boolean =>
    chosen.includes(id) || (!deleted && (restored || !isOutcome(state)));
  const items = (await supervisor.listSessions({ repository })).filter((session) => isOpen(session) && fits(session));
  if (items.length === 0) {
    // No error: it would end the command that asks, and lose the prompt that was written there.
    void showInformationMessage('There is no other session under way in this repository.');
    return undefined;
  }
  const picked = await vscode.window.showQuickPick(
    items.map(({ id, title, status }) => ({ label: title, description: status, picked: chosen.includes(id), id })),
    {
      title: 'Start After',
      placeHolder: 'Which sessions have to complete first?',
      canPickMany: true,
      ignoreFocusOut: true,
    },
  );
  return picked?.map(({ id }) => id);
}
