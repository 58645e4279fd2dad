import * as vscode from 'vscode';
import { FILTERED_CONTEXT, GROUPING_CONTEXT, ONLY_HERE_CONTEXT } from '../../text/contributions';
import type { TreeOptions } from './treeOptions';
import { isFiltered } from './treeOptions';

/** Tells the menus how the tree is grouped and filtered. */
export async function publishTreeOptions(options: TreeOptions): Promise<void> {
  await vscode.commands.executeCommand('setContext', GROUPING_CONTEXT, options.grouping);
  await vscode.commands.executeCommand('setContext', FILTERED_CONTEXT, isFiltered(options));
  await vscode.commands.executeCommand('setContext', ONLY_HERE_CONTEXT, options.onlyHere);
}
