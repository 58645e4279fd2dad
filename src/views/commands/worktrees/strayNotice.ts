import * as vscode from 'vscode';
import type { WorktreeInventory } from '../../../supervisor/lifecycle/worktreeInventory';
import { COMMANDS } from '../../text/contributions';
import { formatBytes } from '../../text/formatBytes';
import { showInformationMessage } from '../../text/messages';
import { describeContents } from '../../text/worktreeLabels';

const NOTIFIED_STRAYS_KEY = 'toldStrays';

/** What is needed to find worktrees that belong to no session. */
export interface StraySource {
  inventory(): Promise<Pick<WorktreeInventory, 'strays'>>;
}

/** Notifies once of worktrees that belong to no session, so that nobody wonders what fills the disk. */
export async function notifyOfStrays(
  { globalState }: vscode.ExtensionContext,
  source: StraySource,
  log: vscode.LogOutputChannel,
): Promise<void> {
  const strays = await (await source.inventory()).strays();
  for (const { path, bytes, summary } of strays)
    log.info(`No session knows of ${path}: ${formatBytes(bytes)}, ${describeContents(summary)}`);
  const known = globalState.get<unknown>(NOTIFIED_STRAYS_KEY);
  const notified = new Set(Array.isArray(known) ? known : []);
  const found = strays.filter(({ sessionId }) => !notified.has(sessionId));
  const [first, ...others] = found;
  if (first === undefined) return;
  await globalState.update(
    NOTIFIED_STRAYS_KEY,
    strays.map(({ sessionId }) => sessionId),
  );
  const size = formatBytes(found.reduce((sum, { bytes }) => sum + bytes, 0));
  const message =
    others.length === 0
      ? vscode.l10n.t('A worktree of Corral belongs to no session: {path} ({size}). It stays until you remove it.', {
          path: first.path,
          size,
        })
      : vscode.l10n.t('{count} worktrees of Corral belong to no session ({size}). They stay until you remove them.', {
          count: found.length,
          size,
        });
  const manage = vscode.l10n.t('Manage Worktrees…');
  if ((await showInformationMessage(message, manage)) === manage)
    await vscode.commands.executeCommand(COMMANDS.manageWorktrees);
}
