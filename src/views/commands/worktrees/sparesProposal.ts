import * as vscode from 'vscode';
import type { WorktreeInventory } from '../../../supervisor/lifecycle/worktreeInventory';
import { formatBytes } from '../../text/formatBytes';
import { showInformationMessage } from '../../text/messages';

export type Spares = WorktreeInventory['spares'];

/** Proposes to remove the worktrees that are ready for sessions to come, of one repository or of all. */
export function sparesProposal(
  spares: Spares,
  { count, bytes }: { count: number; bytes: number },
  repository: string | undefined,
): vscode.QuickPickItem & { run: () => Promise<void> } {
  const label =
    count === 1
      ? vscode.l10n.t('Remove the worktree that is ready for the next session')
      : vscode.l10n.t('Remove {count} worktrees that are ready for the next sessions', { count });
  return {
    label: `$(lightbulb) ${label}`,
    detail: vscode.l10n.t('frees {size}; it is made again when you write a prompt', { size: formatBytes(bytes) }),
    run: async () => {
      await spares.clear(repository);
      const left = await spares.measure(repository);
      void showInformationMessage(vscode.l10n.t('Freed {size}.', { size: formatBytes(bytes - left.bytes) }));
    },
  };
}
