import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { findRepository } from '../../supervisor/git/repository';
import type { Git } from '../../supervisor/git/git';

/** The main worktrees of this window's folders: a subfolder or a linked worktree counts for its repository. */
async function repositoriesHere(git: Git): Promise<string[]> {
  const folders = vscode.workspace.workspaceFolders?.filter((folder) => folder.uri.scheme === 'file') ?? [];
  if (folders.length === 0)
    throw new CorralError(
      'NO_FOLDER',
      'Open a folder with a git repository, so that an agent has something to work on.',
    );
  const found = new Set<string>();
  let failure: unknown;
  for (const folder of folders) {
    try {
      found.add((await findRepository(git, folder.uri.fsPath)).mainWorktree);
    } catch (error) {
      failure = error; // another folder may do; if none does, the last reason is told
    }
  }
  if (found.size === 0) throw failure;
  return [...found];
}

/** The repository to work in; asks only where there are several. Throws NO_FOLDER, NO_REPOSITORY, NO_COMMIT, CANCELLED. */
export async function chooseRepository(git: Git): Promise<string> {
  const [first, ...others] = await repositoriesHere(git);
  if (first !== undefined && others.length === 0) return first;
  const items = [first, ...others].flatMap((path) =>
    path === undefined ? [] : [{ label: vscode.workspace.asRelativePath(path), description: path, path }],
  );
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'New Session',
    placeHolder: 'Which repository should the agent work in?',
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', 'No repository was chosen.');
  return chosen.path;
}
