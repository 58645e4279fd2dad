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
  openHostSettings: vscode.l10n.t('Open Settings'),
  testHost: vscode.l10n.t('Test Connection'),
  connectHost: vscode.l10n.t('Connect Now'),
  continueHere: vscode.l10n.t('Continue Here…'),
  initializeRepository: vscode.l10n.t('Initialize Repository'),
  makeFirstCommit: vscode.l10n.t('Make First Commit'),
  installAgent: vscode.l10n.t('Install in Terminal'),
  setAgentPath: vscode.l10n.t('Set Path…'),
  checkAgain: vscode.l10n.t('Check Again'),
  signIn: vscode.l10n.t('Sign In in Terminal'),
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
  openHostSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', 'corral.hosts'),
  showLog: () => vscode.commands.executeCommand(COMMANDS.showLog),
};

/** What went wrong, for a person, with the buttons that mend it. */
export interface Failure {
  message: string;
  mends: { label: string; act: MendAction }[];
}

/** Logs what went wrong and says it; undefined for a command that was cancelled. */
export function describeFailure(
  log: vscode.LogOutputChannel,
  doing: string,
  error: unknown,
  contextMends: ContextMends = {},
): Failure | undefined {
  const code = error instanceof CorralError ? error.code : undefined;
  if (code === 'CANCELLED') return undefined;
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log.error(`${doing}: ${code ?? 'unexpected'}: ${trace}`);
  const actions: ContextMends = { ...COMMAND_MENDS, ...contextMends };
  const mends = (code === undefined ? DEFAULT_MENDS : MENDS[code]).flatMap((mend) => {
    const act = actions[mend];
    return act === undefined ? [] : [{ label: LABELS[mend], act }];
  });
  return { message: messageOf(error), mends };
}

/** Logs what went wrong and shows it with buttons that mend it. Says nothing of a command that was cancelled. */
export async function showError(
  log: vscode.LogOutputChannel,
  doing: string,
  error: unknown,
  contextMends: ContextMends = {},
): Promise<void> {
  const failure = describeFailure(log, doing, error, contextMends);
  if (failure === undefined) return;
  const chosen = await showErrorMessage(failure.message, ...failure.mends.map(({ label }) => label));
  await failure.mends.find(({ label }) => label === chosen)?.act();
}
