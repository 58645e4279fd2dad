import * as vscode from 'vscode';
import { SESSIONS_VIEW } from './text/contributions';

/** Runs the action with the Sessions view's progress bar; it is for what a person waits for and need not be named. */
export async function inProgress<T>(action: () => Promise<T>): Promise<T> {
  return await vscode.window.withProgress({ location: { viewId: SESSIONS_VIEW } }, action);
}
