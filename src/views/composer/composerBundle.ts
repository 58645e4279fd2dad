/** What the composer and the message boxes are made of, loaded when one is first shown. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import type { Git } from '../../supervisor/git/git';
import { ComposerPages } from './composerPages';
import type { ComposerPagesOptions } from './composerPages';
import { DraftFile } from './draftFile';
import { PromptDrafts } from './promptDrafts';
import { PromptHost } from './promptHost';
import { RepositoryFiles } from './repositoryFiles';

/** What is written in this window is kept with its workspace. */
export async function openPrompts(context: vscode.ExtensionContext, git: Git): Promise<PromptHost> {
  const storage = context.storageUri ?? context.globalStorageUri;
  const drafts = new PromptDrafts(
    await DraftFile.open(join(storage.fsPath, 'drafts.json')),
    join(storage.fsPath, 'drafts'),
  );
  void drafts.purge().catch(() => undefined); // what is left is purged the next time
  return new PromptHost({
    drafts,
    files: new RepositoryFiles(git),
    chooseFiles: async (folder) => {
      const files = await vscode.window.showOpenDialog({
        title: vscode.l10n.t('Attach Files and Pictures'),
        openLabel: vscode.l10n.t('Attach'),
        defaultUri: vscode.Uri.file(folder),
        canSelectMany: true,
      });
      return files?.map(({ fsPath }) => fsPath) ?? [];
    },
    pathOf: (address) => {
      const uri = vscode.Uri.parse(address);
      // In a remote window the page names files of this machine, where the extension runs, as remote ones.
      return uri.scheme === 'file' || uri.scheme === 'vscode-remote'
        ? uri.with({ scheme: 'file', authority: '' }).fsPath
        : undefined;
    },
  });
}

export function openPages<Choices>(
  prompts: PromptHost,
  options: ComposerPagesOptions<Choices>,
): ComposerPages<Choices> {
  return new ComposerPages(prompts, options);
}
