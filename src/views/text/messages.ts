import * as vscode from 'vscode';
import { plainMessage } from './plainMessage';

/** The messages of `vscode.window`, with no links: no other file calls those themselves. The button that was pressed, or undefined. */
export async function showInformationMessage(message: string, ...buttons: string[]): Promise<string | undefined> {
  return await vscode.window.showInformationMessage(plainMessage(message), ...buttons);
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
