import * as vscode from 'vscode';
import { SESSIONS_VIEW } from './text/contributions';

/** Shows the progress bar of the Sessions view while the action runs. */
export async function inProgress<T>(action: () => Promise<T>): Promise<T> {
  return await vscode.window.withProgress({ location: { viewId: SESSIONS_VIEW } }, action);
}
