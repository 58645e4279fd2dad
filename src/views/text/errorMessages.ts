import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import { COMMANDS } from './contributions';
import type { Mend } from './errorMends';
import { MENDS, DEFAULT_MENDS } from './errorMends';
import { showErrorMessage } from './messages';

export type MendAction = () => Thenable<unknown>;
/** Mends that act on what the failed command was about. */
export type ContextMends = Partial<Record<Mend, MendAction>>;

const LABELS: Record<Mend, string> = {
  openFolder: vscode.l10n.t('Open Folder'),
  tryDemo: vscode.l10n.t('Try the Demo'),
  manageTrust: vscode.l10n.t('Manage Workspace Trust'),
  openAgentSettings: vscode.l10n.t('Open Settings'),
  initializeRepository: vscode.l10n.t('Initialize Repository'),
  makeFirstCommit: vscode.l10n.t('Make First Commit'),
  setAgentPath: vscode.l10n.t('Set Path'),
  restoreWorktree: vscode.l10n.t('Restore Worktree'),
  markAsGone: vscode.l10n.t('Mark as Gone…'),
  putBackSetting: vscode.l10n.t('Put Setting Back'),
  locateRepository: vscode.l10n.t('Locate Repository…'),
  editRequest: vscode.l10n.t('Edit and Try Again'),
  showLog: vscode.l10n.t('Show Log'),
};

/** Mends that a command alone does. */
const COMMAND_MENDS: ContextMends = {
  openFolder: () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
  tryDemo: () => vscode.commands.executeCommand(COMMANDS.tryDemo),
  manageTrust: () => vscode.commands.executeCommand('workbench.trust.manage'),
  openAgentSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', 'corral.agents'),
  showLog: () => vscode.commands.executeCommand(COMMANDS.showLog),
};

/** Logs what went wrong and shows it with buttons that mend it. Says nothing of a command that was cancelled. */
export async function showError(
  log: vscode.LogOutputChannel,
  doing: string,
  error: unknown,
  contextMends: ContextMends = {},
): Promise<void> {
  const code = error instanceof CorralError ? error.code : undefined;
  if (code === 'CANCELLED') return;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error(`${doing}: ${code ?? 'unexpected'}: ${trace}`);
  const actions: ContextMends = { ...COMMAND_MENDS, ...contextMends };
  const offered = (code === undefined ? DEFAULT_MENDS : MENDS[code]).filter((mend) => actions[mend] !== undefined);
  const chosen = await showErrorMessage(messageOf(error), ...offered.map((mend) => LABELS[mend]));
  const mend = offered.find((each) => LABELS[each] === chosen);
  if (mend !== undefined) await actions[mend]?.();
}
