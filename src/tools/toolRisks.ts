/** What to look at before a call is allowed. It only ever warns: a call without a warning may do anything. */
import * as l10n from '@vscode/l10n';

const COMMANDS: readonly [RegExp, () => string][] = [
  [/\bsudo\b|\bdoas\b|\bsu -/, () => l10n.t('Runs with more rights than yours')],
  [
    /\brm\b[^\n;|&]*\s-\w*[rf]|\bgit\s+(?:clean|reset\s+--hard)\b|\bfind\b[^\n]*-delete\b|\bshred\b/,
    () => l10n.t('Deletes files'),
  ],
  [/\bgit\s+push\b/, () => l10n.t('Pushes to a remote repository')],
  [/\b(?:npm|pnpm|yarn|cargo|gem|twine)\s+publish\b|\btwine\s+upload\b/, () => l10n.t('Publishes a package')],
  [/\b(?:curl|wget)\b[^\n]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/, () => l10n.t('Runs a script from the network')],
];

export function risksOfCommand(command: string): string[] {
  return COMMANDS.filter(([pattern]) => pattern.test(command)).map(([, sentence]) => sentence());
}

export function outsideRisk(): string {
  return l10n.t('Works outside the worktree');
}

export function sandboxRisk(): string {
  return l10n.t('Leaves the sandbox');
}
