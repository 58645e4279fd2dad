import * as vscode from 'vscode';

/** This window's tabs of a kind of page, also those whose extension host died. */
export function webviewTabs(viewType: string): vscode.Tab[] {
  return (
    vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      // VS Code puts a prefix before the view type.
      .filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(viewType))
  );
}

/** Closes tabs whose extension host died. Open the new tab first: VS Code removes a tab group that is empty. */
export function closeTabs(tabs: readonly vscode.Tab[]): void {
  // It rejects where somebody closed a tab meanwhile, which is as good.
  if (tabs.length > 0) void vscode.window.tabGroups.close(tabs, true).then(undefined, () => undefined);
}
