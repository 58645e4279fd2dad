import * as vscode from 'vscode';
import type { DetectedAgent, DetectionOptions } from '../../supervisor/agents/agentDetection';
import { detectAgents, findAgents } from '../../supervisor/agents/agentDetection';

/** What is needed to ask agents for their version. */
export type AgentsSource = Pick<DetectionOptions, 'runProcess'>;

interface AgentItem extends vscode.QuickPickItem {
  name: string;
}

export interface AgentPick {
  title: string;
  placeholder: string;
  many: boolean;
  /** Agents that are not in the list. */
  without?: readonly string[];
  /** The agent that is chosen now, with which the list begins. */
  current?: string;
}

/**
 * Lets a person pick agents by name. The list is shown at once; versions come when they are known, and move no row.
 *
 * @returns undefined where nothing was picked
 */
export async function chooseAgents(
  options: DetectionOptions,
  { title, placeholder, many, current, without = [] }: AgentPick,
): Promise<string[] | undefined> {
  const pick = vscode.window.createQuickPick<AgentItem>();
  pick.title = title;
  pick.placeholder = placeholder;
  pick.canSelectMany = many;
  pick.ignoreFocusOut = many;
  pick.matchOnDescription = true;
  // A comparison gives all agents the same prompt, which is no command.
  const fits = ({ name, missing }: DetectedAgent): boolean =>
    !without.includes(name) && (!many || (name !== 'command' && missing === undefined));
  pick.items = (await findAgents(options)).filter(fits).map(itemOf);
  if (current !== undefined) pick.activeItems = pick.items.filter(({ name }) => name === current);
  pick.busy = true;
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => resolve(pick.selectedItems.map(({ name }) => name)));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
      const detection = detectAgents(options).then((agents) => {
        const selected = new Set(pick.selectedItems.map(({ name }) => name));
        const active = new Set(pick.activeItems.map(({ name }) => name));
        pick.items = agents.filter(fits).map(itemOf);
        pick.selectedItems = pick.items.filter(({ name }) => selected.has(name));
        pick.activeItems = pick.items.filter(({ name }) => active.has(name));
      });
      void detection.catch(() => undefined).then(() => (pick.busy = false)); // the names alone will do
    });
  } finally {
    pick.dispose();
  }
}

function itemOf({ name, description, version, missing, isWronglySet, installCommand }: DetectedAgent): AgentItem {
  if (missing !== undefined)
    return {
      name,
      label: `$(circle-slash) ${name}`,
      description:
        isWronglySet === true ? vscode.l10n.t('wrong settings') : `${description} · ${vscode.l10n.t('not installed')}`,
      // The whole sentence would be cut off; the composer shows it for the chosen agent.
      detail:
        installCommand === undefined
          ? missing
          : vscode.l10n.t('Install it with “{command}”', { command: installCommand.join(' ') }),
    };
  return {
    name,
    label: `$(robot) ${name}`,
    description: version === undefined ? description : `${description} ${version}`,
  };
}
