import * as vscode from 'vscode';
import type { SessionSummary } from '../supervisor/api';
import type { FileChange } from '../supervisor/git/changes';
import type { Comparison } from '../supervisor/worktreeControl';
import { revisionUri } from './revisionFiles';

/** Shows what differs between two moments of a session in VS Code's multi-diff editor; where nothing does, `noneSentence`. */
export async function showChanges(session: SessionSummary, title: string, comparison: Comparison, noneSentence: string): Promise<void> {
  const { before, after, worktreePath, changes } = comparison;
  if (changes.length === 0) {
    void vscode.window.showInformationMessage(noneSentence);
    return;
  }
  const then = (revision: string) => (path: string) => revisionUri(session.worktreePath, path, session.repository, revision);
  const now = worktreePath === undefined ? then(after) : (path: string) => vscode.Uri.joinPath(vscode.Uri.file(worktreePath), path);
  await vscode.commands.executeCommand(
    'vscode.changes',
    title,
    changes.map((change) => resource(change, then(before), now)),
  );
}

/** What VS Code's multi-diff editor takes: the file it is about, before, after. */
export function resource(
  { kind, path, previousPath }: FileChange,
  before: (path: string) => vscode.Uri,
  now: (path: string) => vscode.Uri,
): [vscode.Uri, vscode.Uri | undefined, vscode.Uri | undefined] {
  return [now(path), kind === 'added' ? undefined : before(previousPath ?? path), kind === 'deleted' ? undefined : now(path)];
}
