import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { FileChange } from '../../supervisor/git/review/changes';
import type { Comparison } from '../../supervisor/lifecycle/worktreeControl';
import { rememberReview } from '../reviewTabs';
import { showInformationMessage } from '../text/messages';
import { worktreeFolder } from '../text/worktreeLabels';
import { revisionUri } from './revisionFiles';

/** What VS Code's multi-diff editor takes: the file that it is about, before, after. */
export type ComparedFile = [file: vscode.Uri, before: vscode.Uri | undefined, after: vscode.Uri | undefined];

/** One side of a comparison: a file by its path, and by the place of its bytes where git does not have them. */
export type SideOf = (path: string, file?: string) => vscode.Uri;

/** Shows a comparison in VS Code's multi-diff editor; where nothing differs, `noneSentence`. */
export async function showChanges(
  session: SessionSummary,
  title: string,
  comparison: Comparison,
  noneSentence: string,
): Promise<void> {
  const { before, after, worktreePath, changes } = comparison;
  if (changes.length === 0) {
    void showInformationMessage(noneSentence);
    return;
  }
  const fileAt =
    (revision: string): SideOf =>
    (path, file) =>
      revisionUri(worktreeFolder(session), path, session.repository, revision, file);
  const fileOnDisk = (path: string): vscode.Uri | undefined =>
    worktreePath === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(worktreePath), path);
  const stale = await staleDocuments(changes.map(({ path }) => fileOnDisk(path)?.toString()));
  const fileNow: SideOf = (path, kept) => {
    const file = fileOnDisk(path);
    return file === undefined || stale.has(file.toString()) ? fileAt(after)(path, kept) : file;
  };
  rememberReview(title, session.id);
  const older = reviewTabs(title);
  await vscode.commands.executeCommand(
    'vscode.changes',
    title,
    changes.map((change) => comparedFile(change, fileAt(before), fileNow)),
  );
  // VS Code opens one more tab each time. The older one shows less, and only what it replaced itself is gone by now.
  const replaced = reviewTabs(title).filter((tab) => older.includes(tab) && !tab.isActive);
  await vscode.window.tabGroups.close(replaced, true).then(undefined, () => undefined);
}

/** The tabs that show a review with this title. */
function reviewTabs(title: string): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .filter(({ label, input }) => {
      const isReview = typeof input === 'object' && input !== null && 'textDiffs' in input;
      return isReview && (label === title || label.startsWith(`${title} (`));
    });
}

/** A file of a comparison, whose two sides `before` and `after` give by path. */
export function comparedFile(
  { kind, path, previousPath, beforeFile, afterFile }: FileChange,
  before: SideOf,
  after: SideOf,
): ComparedFile {
  return [
    after(path, afterFile),
    kind === 'added' ? undefined : before(previousPath ?? path, beforeFile),
    kind === 'deleted' ? undefined : after(path, afterFile),
  ];
}

/**
 * Files of which VS Code holds an older text than the disk does.
 * It keeps closed files for minutes, and does not watch `.corral`.
 */
async function staleDocuments(files: readonly (string | undefined)[]): Promise<Set<string>> {
  const compared = new Set(files);
  const held = vscode.workspace.textDocuments.filter(({ uri, isDirty }) => !isDirty && compared.has(uri.toString()));
  const checked = await Promise.all(
    held.map(async (document) => {
      const { uri } = document;
      const onDisk = await vscode.workspace.fs.readFile(uri).then(
        (bytes) => new TextDecoder().decode(bytes),
        () => undefined, // it was deleted, and git has what is shown of it
      );
      return onDisk !== undefined && unifyLineEnds(onDisk) !== unifyLineEnds(document.getText())
        ? [uri.toString()]
        : [];
    }),
  );
  return new Set(checked.flat());
}

function unifyLineEnds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
