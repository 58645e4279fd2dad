import * as v from 'valibot';
import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { RunProcesses } from '../../supervisor/runs/runProcesses';
import type { CommandName } from '../text/contributions';
import { FOCUS_PROCESSES, PROCESSES_CONTEXT } from '../text/contributions';
import { showWarningMessage } from '../text/messages';
import type { CommandActions } from './commandRunner';

export type ProcessCommandName = Extract<CommandName, 'showProcesses' | 'endProcess'>;

/** What these commands need of the supervisor. */
export interface ProcessEndingSource {
  processes(): Promise<Pick<RunProcesses, 'end'>>;
}

/** A row of the view Processes. */
const processNodeSchema = v.object({
  kind: v.literal('process'),
  process: v.object({
    command: v.string(),
    entry: v.object({
      pid: v.number(),
      parentPid: v.number(),
      group: v.number(),
      startTime: v.string(),
      ended: v.boolean(),
      stopped: v.boolean(),
    }),
  }),
});

/** Commands to see the sessions' processes, and to end those that an agent left behind. */
export function processCommands(source: ProcessEndingSource): CommandActions<ProcessCommandName> {
  return {
    showProcesses: async () => {
      await vscode.commands.executeCommand('setContext', PROCESSES_CONTEXT, true);
      await vscode.commands.executeCommand(FOCUS_PROCESSES);
    },
    endProcess: async (argument) => {
      const node = v.safeParse(processNodeSchema, argument);
      if (!node.success)
        throw new CorralError(
          'INVALID_ARGUMENT',
          vscode.l10n.t('Choose a process that was left behind in the view “Processes”.'),
        );
      const { entry, command } = node.output.process;
      const end = vscode.l10n.t('End Process');
      const question = vscode.l10n.t('End process {pid}?', { pid: entry.pid });
      if ((await showWarningMessage(question, { modal: true, detail: command }, end)) === end)
        await (await source.processes()).end(entry);
    },
  };
}
