import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import type { SessionSummary } from '../../supervisor/api';

/** Which sessions are this window's: those whose repository or worktree one of its folders lies in. */
export class WindowScope implements vscode.Disposable {
  #folders: string[] = [];
  readonly #subscription: vscode.Disposable;

  /** `onDidChange` is called when the window's folders are known or change. */
  constructor(onDidChange: () => void) {
    const read = async (): Promise<void> => {
      const folders = vscode.workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === 'file') ?? [];
      // Git tells real paths; a folder that cannot be resolved keeps the name that it was opened by.
      this.#folders = await Promise.all(
        folders.map(async ({ uri }) => await realpath(uri.fsPath).catch(() => uri.fsPath)),
      );
      onDidChange();
    };
    this.#subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => void read());
    void read();
  }

  isRepositoryHere(repository: string): boolean {
    return this.#folders.some((folder) => isInside(folder, repository));
  }

  /** How near the session is to this window: 0 its worktree is open here, 1 its repository is, 2 the window is the focused one, 3 it is any other. */
  distance(session: SessionSummary): number {
    if (this.#folders.some((folder) => isInside(folder, session.worktreePath))) return 0;
    if (this.isRepositoryHere(session.repository)) return 1;
    return vscode.window.state.focused ? 2 : 3;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
