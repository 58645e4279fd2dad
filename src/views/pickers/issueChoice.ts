import * as vscode from 'vscode';
import { messageOf } from '../../common/errors';
import { oneLine } from '../../common/oneLine';
import { visibleText } from '../../common/visibleText';
import { CorralError } from '../../storage/errors';
import type { IssueKind } from '../../storage/issueReference';
import { issueLabel } from '../../storage/issueReference';
import type { Forge, ForgeRepository, ListedIssue } from '../../supervisor/forge/forge';
import type { ForgeRemote } from '../../supervisor/forge/findForge';
import type { FoundIssues } from '../../supervisor/forge/issueSearch';
import { IssueSearch } from '../../supervisor/forge/issueSearch';
import { elapsedTime } from '../text/elapsedTime';
import { plainLabel } from '../text/plainLabel';

interface IssueItem extends vscode.QuickPickItem {
  /** Absent where the row only says something. */
  issue?: ListedIssue;
}

/**
 * Lets a person pick an issue or pull request: from those that were changed last, or from what the forge itself finds
 * for what is typed. A typed number brings that one.
 *
 * @throws CANCELLED, and why the first list could not be read
 */
export async function chooseIssue(
  forge: Pick<Forge, 'list' | 'find'>,
  repository: ForgeRepository,
  kind: IssueKind,
  title: string,
): Promise<ListedIssue> {
  const pick = vscode.window.createQuickPick<IssueItem>();
  pick.title = `${title} · ${repository.path}`;
  pick.placeholder =
    kind === 'issue'
      ? vscode.l10n.t('Search issues, or type a number')
      : vscode.l10n.t('Search pull requests, or type a number');
  let isFirst = true;
  let fail: (error: unknown) => void = () => undefined;
  const show = ({ issues, isSearching, failure }: FoundIssues): void => {
    pick.busy = isSearching;
    if (isSearching) return;
    if (isFirst && failure !== undefined) fail(failure);
    else pick.items = issues.length > 0 ? issues.map((issue) => itemOf(repository, issue)) : [emptyItem(failure)];
    isFirst = false;
  };
  const search = new IssueSearch(forge, kind, show);
  try {
    return await new Promise((resolve, reject) => {
      fail = reject;
      pick.onDidChangeValue((text) => void search.search(text));
      pick.onDidAccept(() => {
        const issue = pick.selectedItems[0]?.issue;
        if (issue !== undefined) resolve(issue);
      });
      pick.onDidHide(() => reject(new CorralError('CANCELLED', vscode.l10n.t('Nothing was chosen.'))));
      pick.show();
      void search.search('');
    });
  } finally {
    search.end();
    pick.dispose();
  }
}

/** What the forge found is shown whatever of it VS Code would find in what is typed. */
function itemOf({ forge }: ForgeRepository, issue: ListedIssue): IssueItem {
  const { kind, number, title, author, updatedAt, isOpen } = issue;
  const icon =
    kind === 'issue' ? (isOpen ? 'issues' : 'issue-closed') : isOpen ? 'git-pull-request' : 'git-pull-request-closed';
  const facts = [isOpen ? '' : vscode.l10n.t('closed'), author, elapsedTime(updatedAt, Date.now())];
  return {
    label: `$(${icon}) ${plainLabel(`${issueLabel({ forge, kind, number })} ${shown(title)}`)}`,
    description: plainLabel(
      facts
        .filter((fact) => fact !== '')
        .map(shown)
        .join(' · '),
    ),
    alwaysShow: true,
    issue,
  };
}

function emptyItem(failure: unknown): IssueItem {
  const text = failure === undefined ? vscode.l10n.t('Nothing was found.') : messageOf(failure);
  return { label: `$(${failure === undefined ? 'info' : 'warning'}) ${plainLabel(shown(text))}`, alwaysShow: true };
}

const shown = (text: string): string => oneLine(visibleText(text));

/** @throws CANCELLED */
export async function chooseForgeRemote<Remote extends Pick<ForgeRemote, 'host' | 'path' | 'remote'>>(
  remotes: readonly Remote[],
  title: string,
): Promise<Remote> {
  const [first, ...others] = remotes;
  if (first !== undefined && others.length === 0) return first;
  const items = remotes.map((remote) => ({
    label: plainLabel(remote.path),
    description: plainLabel(`${remote.host} · ${remote.remote}`),
    remote,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: vscode.l10n.t('Choose the repository to look in'),
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('Nothing was chosen.'));
  return chosen.remote;
}
