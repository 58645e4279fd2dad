import * as vscode from 'vscode';
import type { CorralApi } from '../../supervisor/api';

export type OffersSource = Pick<CorralApi, 'agentOffers'>;

interface ModelItem extends vscode.QuickPickItem {
  /** Absent where the agent chooses itself. */
  model?: string;
}

/**
 * Lets a person pick one of the models that the agent told of, or type any other.
 *
 * @returns the model, with `id` undefined for the agent's own choice; undefined where nothing was picked
 */
export async function chooseModel(
  source: OffersSource,
  agent: string,
  repository: string,
): Promise<{ id: string | undefined } | undefined> {
  const { models } = await source.agentOffers(agent, repository);
  const own: ModelItem = {
    label: vscode.l10n.t('Default'),
    description: vscode.l10n.t('what {agent} chooses', { agent }),
  };
  const offered = models.map(({ id, name, description }): ModelItem => {
    return {
      label: name,
      description: name === id ? '' : id,
      ...(description !== undefined && { detail: description }),
      model: id,
    };
  });
  const pick = vscode.window.createQuickPick<ModelItem>();
  pick.title = vscode.l10n.t('New Session · Model');
  pick.placeholder =
    models.length === 0
      ? vscode.l10n.t('Type the name of a model. {agent} tells its models when it first works.', { agent })
      : vscode.l10n.t('Which model should work? Choose one, or type the name of another.');
  pick.matchOnDescription = true;
  pick.matchOnDetail = true;
  pick.items = [own, ...offered];
  try {
    return await new Promise((resolve) => {
      pick.onDidChangeValue((text) => {
        const typed = text.trim();
        const isKnown = typed === '' || models.some(({ id }) => id === typed);
        const other: ModelItem = {
          label: typed,
          description: vscode.l10n.t('as typed'),
          alwaysShow: true,
          model: typed,
        };
        pick.items = [own, ...offered, ...(isKnown ? [] : [other])];
      });
      pick.onDidAccept(() => {
        const [item] = pick.selectedItems;
        resolve(item === undefined ? undefined : { id: item.model });
      });
      pick.onDidHide(() => resolve(undefined));
      pick.show();
    });
  } finally {
    pick.dispose();
  }
}
