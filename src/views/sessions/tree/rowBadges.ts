import * as vscode from 'vscode';

/** The scheme of changed files below a session, whose query is the kind of the change. */
export const CHANGED_FILE_SCHEME = 'corral-change';
/** The scheme of sessions whose end nobody saw. */
export const UNSEEN_SCHEME = 'corral-unseen';
/** The scheme of other sessions that are pinned. */
export const PINNED_SCHEME = 'corral-pinned';

/** Letters and colours of changed files, as Source Control has them, and marks of what is unseen or pinned. */
export function registerRowBadges(): vscode.Disposable {
  return vscode.window.registerFileDecorationProvider({
    provideFileDecoration: ({ scheme, query }) => {
      if (scheme === UNSEEN_SCHEME) return decoration('●', vscode.l10n.t('Not seen yet'), 'list.highlightForeground');
      if (scheme === PINNED_SCHEME) return decoration('★', vscode.l10n.t('Pinned'));
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

function decoration(badge: string, tooltip: string, color?: string): vscode.FileDecoration {
  return new vscode.FileDecoration(badge, tooltip, color === undefined ? undefined : new vscode.ThemeColor(color));
}
