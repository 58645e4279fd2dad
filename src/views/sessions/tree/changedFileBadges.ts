import * as vscode from 'vscode';

/** The scheme of changed files below a session, whose query is the kind of the change. */
export const CHANGED_FILE_SCHEME = 'corral-change';

/** Letter and colour of a changed file, as Source Control has them. */
export function registerChangedFileBadges(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration: ({ scheme, query }) => {
      if (scheme !== CHANGED_FILE_SCHEME) return undefined;
      switch (query) {
        case 'added':
          return decoration('A', vscode.l10n.t('Added'), 'gitDecoration.addedResourceForeground');
        case 'deleted':
          return decoration('D', vscode.l10n.t('Deleted'), 'gitDecoration.deletedResourceForeground');
        default:
          return decoration('M', vscode.l10n.t('Modified'), 'gitDecoration.modifiedResourceForeground');
      }
    },
  });
}

function decoration(badge: string, tooltip: string, color: string): vscode.FileDecoration {
  return new vscode.FileDecoration(badge, tooltip, new vscode.ThemeColor(color));
}
