import * as vscode from 'vscode';
import { plainMessage } from './plainMessage';

const HINT_MS = 5_000;

/** Says in the status bar, for a moment, why nothing happened. */
export function showHint(hint: string): void {
  vscode.window.setStatusBarMessage(hint, HINT_MS);
}

/**
 * Messages of `vscode.window` without links, as they may quote an agent.
 * No other file calls those of `vscode.window`.
 *
 * @returns the button that was pressed
 */
export async function showInformationMessage(message: string, ...buttons: string[]): Promise<string | undefined> {
  return await vscode.window.showInformationMessage(plainMessage(message), ...buttons);
}

/**
 * The same, out of sight once `over` resolves, since its buttons would change nothing then. VS Code hides all messages
 * or none; hidden ones are still behind the bell.
 */
export async function showPassingMessage(
  message: string,
  over: Promise<void>,
  ...buttons: string[]
): Promise<string | undefined> {
  let isOpen = true;
  void over.then(() => {
    if (isOpen) void vscode.commands.executeCommand('notifications.hideToasts');
  });
  try {
    return await showInformationMessage(message, ...buttons);
  } finally {
    isOpen = false;
  }
}

export async function showWarningMessage(
  message: string,
  options: vscode.MessageOptions,
  ...buttons: string[]
): Promise<string | undefined> {
  return await vscode.window.showWarningMessage(plainMessage(message), options, ...buttons);
}

export async function showErrorMessage(message: string, ...buttons: string[]): Promise<string | undefined> {
  return await vscode.window.showErrorMessage(plainMessage(message), ...buttons);
}
