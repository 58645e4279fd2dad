import * as vscode from 'vscode';
import { listAgents } from '../../supervisor/agents/agentRegistry';
import type { DetectedAgent, DetectionOptions } from '../../supervisor/agents/agentDetection';
import { detectAgents } from '../../supervisor/agents/agentDetection';

interface AgentItem extends vscode.QuickPickItem {
  name: string;
}

/** The agents that a person picks by name; undefined where they pick none. Shown at once, and again with versions as soon as they are known. */
export async function chooseAgents(
  options: DetectionOptions,
  { title, placeholder, many }: { title: string; placeholder: string; many: boolean },
): Promise<string[] | undefined> {
  const pick = vscode.window.createQuickPick<AgentItem>();
  pick.title = title;
  pick.placeholder = placeholder;
  pick.canSelectMany = many;
  pick.ignoreFocusOut = many;
  pick.matchOnDescription = true;
  // What a comparison runs is the same for all; a command is not.
  const fits = ({ name }: { name: string }): boolean => !many || name !== 'command';
  pick.items = listAgents(options.agents).filter(fits).map(itemOf);
  pick.busy = true;
  try {
    return await new Promise((resolve) => {
      pick.onDidAccept(() => resolve(pick.selectedItems.map(({ name }) => name)));
      pick.onDidHide(() => resolve(undefined));
      pick.show();
      const summary = detectAgents(options).then((agents) => {
        const selected = new Set(pick.selectedItems.map(({ name }) => name));
        const active = new Set(pick.activeItems.map(({ name }) => name));
        pick.items = agents.filter((agent) => fits(agent) && (!many || agent.missing === undefined)).map(itemOf);
        pick.selectedItems = pick.items.filter(({ name }) => selected.has(name));
        pick.activeItems = pick.items.filter(({ name }) => active.has(name));
      });
      void summary.catch(() => undefined).then(() => (pick.busy = false)); // without versions the names are there
    });
  } finally {
    pick.dispose();
  }
}

function itemOf({ name, description, version, missing }: DetectedAgent): AgentItem {
  if (missing !== undefined)
    return {
      name,
      label: `$(circle-slash) ${name}`,
      description: `${description} · not installed`,
      detail: missing.replace(/^“.*?” was not found\. /, ''),
    };
  return {
    name,
    label: `$(robot) ${name}`,
    description: version === undefined ? description : `${description} ${version}`,
  };
}
