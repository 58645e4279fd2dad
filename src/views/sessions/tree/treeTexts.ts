/** What the Sessions view says beside its rows. */
import * as vscode from 'vscode';
import { needsYou } from '../../sessionPredicates';
import { SITUATION_LABELS } from './treeItems';
import type { TreeModel } from './treeModel';
import type { TreeOptions } from './treeOptions';
import { isFiltered } from './treeOptions';

/** `message` is what the view says where there is another reason than a filter; `isReading` while rows may come. */
export function describeView(
  view: vscode.TreeView<unknown>,
  model: TreeModel,
  { message, isReading }: { message: string; isReading: boolean },
): void {
  view.badge = badgeOf(model.sessions().filter(needsYou).length);
  const text = message || (isReading ? '' : messageOfNoRow(model));
  const description = describeFilter(model.options);
  // Also a message that stays the same would be a change that VS Code waits to end before it reads rows again.
  if (view.message !== text) view.message = text;
  if (view.description !== description) view.description = description;
}

/** What the filter leaves, in a few words; '' where it leaves everything. */
function describeFilter({ text, situations, onlyHere }: TreeOptions): string {
  return [
    ...(text === '' ? [] : [`“${text}”`]),
    ...situations.map((situation) => SITUATION_LABELS[situation]),
    ...(onlyHere ? [vscode.l10n.t('this workspace')] : []),
  ].join(' · ');
}

/** Why there are no rows; '' where that needs no reason. */
function messageOfNoRow({ options, count, shownCount }: TreeModel): string {
  return shownCount === 0 && isFiltered(options) && count > 0 ? vscode.l10n.t('No session matches the filter.') : '';
}

/** How many sessions need a person, for the view's badge. */
function badgeOf(count: number): vscode.ViewBadge | undefined {
  if (count === 0) return undefined;
  return { value: count, tooltip: count === 1 ? vscode.l10n.t('1 needs you') : vscode.l10n.t('{0} need you', count) };
}
