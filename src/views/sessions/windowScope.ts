import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import type { SessionSummary } from '../../supervisor/api';

/** Tells which sessions are this window's: one of its folders lies in their repository or worktree. */
export class WindowScope implements vscode.Disposable {
  #folders: string[] = [];
  readonly #subscription: vscode.Disposable;

  /** `onDidChange` is called when the window's folders are known or change. */
  constructor(onDidChange: () => void) {
    const read = async (): Promise<void> => {
      const folders = vscode.workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === 'file') ?? [];
      // Git reports real paths, so that those of the folders are compared with them.
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

  /**
   * How near the session is to this window: 0 where its worktree is open here, 1 where its repository is.
   * For other sessions 2 in the focused window, 3 elsewhere.
   */
  distance(session: SessionSummary): number {
    if (this.#folders.some((folder) => isInside(folder, session.worktreePath))) return 0;
    if (this.isRepositoryHere(session.repository)) return 1;
    return vscode.window.state.focused ? 2 : 3;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}
