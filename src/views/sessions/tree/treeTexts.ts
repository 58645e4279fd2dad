/** What the Sessions view says beside its rows. */
import * as vscode from 'vscode';
import { SITUATION_LABELS } from './treeItems';
import type { TreeModel } from './treeModel';
import type { TreeOptions } from './treeOptions';
import { isFiltered } from './treeOptions';

/** What the filter leaves, in a few words; '' where it leaves everything. */
export function describeFilter({ text, situations, onlyHere }: TreeOptions): string {
  return [
    ...(text === '' ? [] : [`“${text}”`]),
    ...situations.map((situation) => SITUATION_LABELS[situation]),
    ...(onlyHere ? [vscode.l10n.t('this workspace')] : []),
  ].join(' · ');
}

/** Why there are no rows; '' where that needs no reason. */
export function messageOfNoRow({ options, count }: TreeModel, isReading: boolean): string {
  return !isReading && isFiltered(options) && count > 0 ? vscode.l10n.t('No session matches the filter.') : '';
}

/** How many sessions need a person, for the view's badge. */
export function badgeOf(count: number): vscode.ViewBadge | undefined {
  if (count === 0) return undefined;
  return { value: count, tooltip: count === 1 ? vscode.l10n.t('1 needs you') : vscode.l10n.t('{0} need you', count) };
}
