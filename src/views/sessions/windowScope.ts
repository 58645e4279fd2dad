import { realpath } from 'node:fs/promises';
import * as vscode from 'vscode';
import { isInside } from '../../common/isInside';
import { mainWorktreeAround } from '../../supervisor/git/gitDirectory';
import type { SessionSummary } from '../../supervisor/api';

interface WindowFolder {
  path: string;
  uri: vscode.Uri;
  /** The main worktree of its repository, where the folder lies in a linked one. */
  mainWorktree?: string;
}

/** Tells which sessions are this window's: one of its folders lies in their repository or worktree. */
export class WindowScope implements vscode.Disposable {
  #folders: WindowFolder[] = [];
  readonly #subscription: vscode.Disposable;

  /** `onDidChange` is called when the window's folders are known or change. */
  constructor(onDidChange: () => void) {
    const read = async (): Promise<void> => {
      const folders = vscode.workspace.workspaceFolders?.filter(({ uri }) => uri.scheme === 'file') ?? [];
      this.#folders = folders.map(({ uri }) => ({ path: uri.fsPath, uri }));
      // Git reports real paths, so that those of the folders are compared with them.
      this.#folders = await Promise.all(
        folders.map(async ({ uri }) => {
          const path = await realpath(uri.fsPath).catch(() => uri.fsPath);
          const mainWorktree = await mainWorktreeAround(path);
          return { path, uri, ...(mainWorktree === undefined ? {} : { mainWorktree }) };
        }),
      );
      onDidChange();
    };
    this.#subscription = vscode.workspace.onDidChangeWorkspaceFolders(() => void read());
    void read();
  }

  isRepositoryHere(repository: string): boolean {
    return this.#folders.some((folder) => isFolderOf(folder, repository));
  }

  /** The folder whose settings hold for the repository; undefined where it is another window's repository. */
  folderOf(repository: string): vscode.Uri | undefined {
    const around = this.#folders.find(({ path }) => isInside(repository, path));
    return (around ?? this.#folders.find((folder) => isFolderOf(folder, repository)))?.uri;
  }

  /**
   * How near the session is to this window: 0 where its worktree is open here, 1 where its repository is.
   * For other sessions 2 in the focused window, 3 elsewhere.
   */
  distance(session: SessionSummary): number {
    if (this.#folders.some(({ path }) => isInside(path, session.worktreePath))) return 0;
    if (this.isRepositoryHere(session.repository)) return 1;
    return vscode.window.state.focused ? 2 : 3;
  }

  dispose(): void {
    this.#subscription.dispose();
  }
}

function isFolderOf({ path, mainWorktree }: WindowFolder, repository: string): boolean {
  return isInside(path, repository) || mainWorktree === repository;
}
