import * as vscode from 'vscode';
import { SITUATION_LABELS } from '../sessions/tree/treeItems';
import type { Situation, TreeOptions } from '../sessions/tree/treeOptions';
import { SITUATIONS } from '../sessions/tree/treeOptions';

interface FilterItem extends vscode.QuickPickItem {
  situation: Situation;
}

/** What is filtered. */
export interface Filtered {
  readonly options: TreeOptions;
  setOptions(changed: Partial<TreeOptions>): Promise<void>;
}

/** Asks for a text and for what sessions are at; the rows follow at once. Escape puts the old filter back. */
export async function editFilter(filtered: Filtered): Promise<void> {
  const { text, situations } = filtered.options;
  const pick = vscode.window.createQuickPick<FilterItem>();
  pick.title = vscode.l10n.t('Filter Sessions');
  pick.placeholder = vscode.l10n.t('Text in title, prompt, agent, repository or branch');
  pick.canSelectMany = true;
  pick.items = SITUATIONS.map((situation) => ({ label: SITUATION_LABELS[situation], alwaysShow: true, situation }));
  pick.selectedItems = pick.items.filter(({ situation }) => situations.includes(situation));
  pick.value = text;
  const isAccepted = await new Promise<boolean>((resolve) => {
    pick.onDidChangeValue((value) => void filtered.setOptions({ text: value.trim() }));
    pick.onDidChangeSelection(
      (items) => void filtered.setOptions({ situations: items.map(({ situation }) => situation) }),
    );
    pick.onDidAccept(() => {
      resolve(true);
      pick.hide();
    });
    pick.onDidHide(() => resolve(false));
    pick.show();
  });
  pick.dispose();
  if (!isAccepted) await filtered.setOptions({ text, situations });
}
