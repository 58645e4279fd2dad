import * as vscode from 'vscode';

/** The tabs of a kind of page that are open in this window, whoever answers them. */
export function webviewTabs(viewType: string): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(viewType)); // VS Code puts a prefix before it
}

/** Closes tabs whose extension host died. Call after a new tab was opened beside them: a group that is empty would go. */
export function closeTabs(tabs: readonly vscode.Tab[]): void {
  if (tabs.length > 0) void vscode.window.tabGroups.close(tabs, true).then(undefined, () => undefined); // one that somebody closed meanwhile is gone as well
}
