import * as vscode from 'vscode';
import type { SessionSummary } from '../../supervisor/api';
import type { FileChange } from '../../supervisor/git/review/changes';
import type { Comparison } from '../../supervisor/lifecycle/worktreeControl';
import { showInformationMessage } from '../text/messages';
import { revisionUri } from './revisionFiles';

/** Shows what differs between two moments of a session in VS Code's multi-diff editor; where nothing does, `noneSentence`. */
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
  const then = (revision: string) => (path: string) =>
    revisionUri(session.worktreePath, path, session.repository, revision);
  const fileOf = (path: string): vscode.Uri | undefined =>
    worktreePath === undefined ? undefined : vscode.Uri.joinPath(vscode.Uri.file(worktreePath), path);
  const stale = await staleDocuments(changes.map(({ path }) => fileOf(path)?.toString()));
  const now = (path: string): vscode.Uri => {
    const file = fileOf(path);
    return file === undefined || stale.has(file.toString()) ? then(after)(path) : file;
  };
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
  return [
    now(path),
    kind === 'added' ? undefined : before(previousPath ?? path),
    kind === 'deleted' ? undefined : now(path),
  ];
}

/**
 * Those of the files of which VS Code holds another text than lies on the disk, without a person's changes. It keeps a file for minutes after its editor was closed,
 * and is told of no change below `.corral`, which is out of its watching.
 */
async function staleDocuments(files: readonly (string | undefined)[]): Promise<Set<string>> {
  const compared = new Set(files);
  const held = vscode.workspace.textDocuments.filter(({ uri, isDirty }) => !isDirty && compared.has(uri.toString()));
  const checked = await Promise.all(
    held.map(async (document) => {
      const { uri } = document;
      const onDisk = await vscode.workspace.fs.readFile(uri).then(
        (bytes) => new TextDecoder().decode(bytes),
        () => undefined, // gone: what is shown of it comes from git anyway
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
