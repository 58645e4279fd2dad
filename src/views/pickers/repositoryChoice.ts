import { basename, dirname, join } from 'node:path';
import * as vscode from 'vscode';
import { isFolder } from '../../common/disks/pathState';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import { findRepository } from '../../supervisor/git/repository';
import type { Git } from '../../supervisor/git/git';

/**
 * The folders of this window in which agents can start, each in a checkout of its repository. At least one.
 *
 * @throws NO_FOLDER where the window has none
 * @throws NO_REPOSITORY | NO_COMMIT as `findRepository` does, where no folder will do
 */
export async function listRepositories(git: Git): Promise<string[]> {
  const folders = vscode.workspace.workspaceFolders?.filter((folder) => folder.uri.scheme === 'file') ?? [];
  if (folders.length === 0)
    throw new CorralError('NO_FOLDER', vscode.l10n.t('Open a folder with a Git repository for the agent to work on.'));
  const found = new Set<string>();
  let failure: unknown;
  for (const folder of folders) {
    try {
      const { checkout, subfolder } = await findRepository(git, folder.uri.fsPath);
      // Of a session's worktree, the checkout from which others start.
      found.add(join(checkout, ...subfolder.split('/')));
    } catch (error) {
      failure = error; // told only where no other folder is in a repository
    }
  }
  if (found.size === 0) throw failure;
  return [...found];
}

/** Asks for one of several folders; undefined where none was chosen. */
export async function chooseAmongRepositories(folders: readonly string[]): Promise<string | undefined> {
  const items = folders.map((path) => ({
    label: basename(path),
    description: dirname(path),
    path,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('New Session · Repository'),
    placeHolder: vscode.l10n.t('Which repository should the agent work in?'),
  });
  return chosen?.path;
}

/** Where a session starts that goes on from another one: in the same folder of the same checkout, if that is there. */
export async function startingPlace({
  repository,
  checkout = repository,
  subfolder = '',
}: SessionSummary): Promise<string> {
  for (const folder of [join(checkout, ...subfolder.split('/')), checkout]) if (await isFolder(folder)) return folder;
  return repository;
}
