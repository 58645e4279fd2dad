import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { messageOf } from '../../common/errors';
import type { CorralErrorCode } from '../../storage/errors';
import { showErrorMessage } from './messages';
import { COMMANDS } from './contributions';

interface Fix {
  label: string;
  run: () => Thenable<unknown>;
}

const OPEN_FOLDER: Fix = {
  label: 'Open Folder',
  run: () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
};
const MANAGE_TRUST: Fix = {
  label: 'Manage Workspace Trust',
  run: () => vscode.commands.executeCommand('workbench.trust.manage'),
};
const OPEN_SETTINGS: Fix = {
  label: 'Open Settings',
  run: () => vscode.commands.executeCommand('workbench.action.openSettings', 'corral.agents'),
};
const TRY_DEMO: Fix = { label: 'Try the Demo', run: () => vscode.commands.executeCommand(COMMANDS.tryDemo) };

/** The button that mends what went wrong, where there is one. */
const FIXES: Partial<Record<CorralErrorCode, readonly Fix[]>> = {
  NO_FOLDER: [OPEN_FOLDER, TRY_DEMO],
  UNTRUSTED: [MANAGE_TRUST],
  AGENT_UNKNOWN: [OPEN_SETTINGS],
  SETTINGS_INVALID: [OPEN_SETTINGS],
};

/** Errors that say all there is to say; for any other, the log has more. */
const SELF_EXPLAINING: ReadonlySet<CorralErrorCode> = new Set([
  'NO_FOLDER',
  'NO_REPOSITORY',
  'NO_COMMIT',
  'EMPTY_PROMPT',
  'AGENT_NOT_FOUND',
  'UNTRUSTED',
  'RUNNING',
  'NOT_RUNNING',
  'ALREADY_ANSWERED',
]);

/** Shows what went wrong, with the button that mends it first and Show Log for the unexpected. A cancelled command says nothing. */
export async function showError(
  log: vscode.LogOutputChannel,
  doing: string,
  error: unknown,
  extraFixes: readonly Fix[] = [],
): Promise<void> {
  const code = error instanceof CorralError ? error.code : undefined;
  if (code === 'CANCELLED') return;
  log.error(
    `${doing}: ${code ?? 'unexpected'}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  const fixes = [...extraFixes, ...(code === undefined ? [] : (FIXES[code] ?? []))];
  const showLog: Fix = { label: 'Show Log', run: () => vscode.commands.executeCommand(COMMANDS.showLog) };
  if (code === undefined || !SELF_EXPLAINING.has(code)) fixes.push(showLog);
  const chosen = await showErrorMessage(messageOf(error), ...fixes.map(({ label }) => label));
  await fixes.find(({ label }) => label === chosen)?.run();
}
