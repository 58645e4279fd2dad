import * as vscode from 'vscode';
import type { UnusedWorktreeEntry } from '../../../supervisor/lifecycle/worktreeEntries';
import type { WorktreeInventory } from '../../../supervisor/lifecycle/worktreeInventory';
import { showInformationMessage, showWarningMessage } from '../../text/messages';
import { describeContents } from '../../text/worktreeLabels';
import type { Attempt } from '../commandRunner';

/** Removes a worktree in which no session works, where the person agrees. */
export async function removeUnused(
  { attempt }: { attempt: Attempt },
  inventory: Pick<WorktreeInventory, 'removeUnused'>,
  entry: UnusedWorktreeEntry,
): Promise<void> {
  const { path } = entry;
  const remove = vscode.l10n.t('Remove');
  const detail = vscode.l10n.t('It holds {contents}. All of it is kept in a snapshot, {ref}.', {
    contents: describeContents(entry.summary),
    ref: `refs/corral/${entry.keptAs}`,
  });
  const question = vscode.l10n.t('Remove {path}?', { path });
  if ((await showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const { kept, restore } = await inventory.removeUnused(entry);
  const message =
    kept.length === 0
      ? vscode.l10n.t('Removed {path}.', { path })
      : vscode.l10n.t(
          'Moved {path} to the trash folder beside the worktrees. It stays there, because no snapshot holds {kept}.',
          { path, kept: kept.join(', ') },
        );
  const undo = vscode.l10n.t('Undo');
  void showInformationMessage(message, undo).then(async (chosen) => {
    if (chosen === undo) await attempt('manageWorktrees', restore);
  });
}
