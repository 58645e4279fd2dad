import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { Supervisor } from '../../supervisor/supervisor';
import { showWarningMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { PROCESSES_CONTEXT, PROCESSES_VIEW } from '../text/contributions';

export type ProcessCommandName = Extract<CommandName, 'showProcesses' | 'endProcess'>;

const strayNode = v.object({
  kind: v.literal('process'),
  process: v.object({
    command: v.string(),
    entry: v.object({
      pid: v.number(),
      parentPid: v.number(),
      group: v.number(),
      startTime: v.string(),
      ended: v.boolean(),
    }),
  }),
});

/** What can be seen and done of the sessions' processes. */
export function processCommands(
  supervisor: Supervisor,
): Record<ProcessCommandName, (argument: unknown) => Promise<void>> {
  return {
    showProcesses: async () => {
      await vscode.commands.executeCommand('setContext', PROCESSES_CONTEXT, true);
      await vscode.commands.executeCommand(`${PROCESSES_VIEW}.focus`);
    },
    endProcess: async (argument) => {
      const node = v.safeParse(strayNode, argument);
      if (!node.success)
        throw new CorralError('INVALID_ARGUMENT', 'Choose a process that was left behind, in the view Processes.');
      const { entry, command } = node.output.process;
      const end = 'End Process';
      const options = { modal: true, detail: command };
      if ((await showWarningMessage(`End process ${entry.pid}?`, options, end)) === end)
        await (await supervisor.processes()).end(entry);
    },
  };
}
