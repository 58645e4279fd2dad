import * as vscode from 'vscode';
import { isOutcome } from '../../storage/runState';
import { withIsolatedGit } from '../../supervisor/git/isolated/isolatedGit';
import { pathToText } from '../../supervisor/git/pathBytes';
import { findRepository, headCommit, worktreeAround } from '../../supervisor/git/repository';
import { listUncommittedFiles } from '../../supervisor/git/snapshots/uncommittedFiles';
import { summarizeWorktree } from '../../supervisor/git/worktrees/worktreeSummary';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import type { Git } from '../../supervisor/git/git';
import { describeWork, listPaths } from '../text/worktreeLabels';
import { plainLabel } from '../text/plainLabel';

const MAX_REFERENCES = 200;
/** At most so many uncommitted files are named. */
const MAX_NAMED = 8;

/** What is needed to list what a session can start from. */
export interface BaseSource extends Pick<CorralApi, 'listSessions'> {
  readonly git: Git;
}

/** What a session starts from. */
export interface Base {
  /** What the person chose, for the prompt's line. */
  label: string;
  revision: string;
  includeChanges: boolean;
  /** The session that has to complete first, where the base is its last snapshot. */
  after?: string;
}

export const HEAD_BASE: Base = { label: 'HEAD', revision: 'HEAD', includeChanges: false };

/** HEAD with what is not committed, whatever that is. */
export function changesBase(): Base {
  const label = vscode.l10n.t('HEAD with my uncommitted changes');
  return { label, revision: 'HEAD', includeChanges: true };
}

/**
 * Asks what the session starts from: HEAD with or without uncommitted changes, another session, or any commit.
 *
 * @returns undefined where nothing was chosen
 */
export async function chooseBase(source: BaseSource, folder: string): Promise<Base | undefined> {
  const items = listBases(source, folder);
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('New Session · Base'),
    placeHolder: vscode.l10n.t('What should the agent start from?'),
    matchOnDescription: true,
  });
  if (chosen?.base !== undefined || chosen === undefined) return chosen?.base;
  const revision = await vscode.window.showInputBox({
    title: vscode.l10n.t('New Session · Base'),
    prompt: vscode.l10n.t('A commit, or any name that Git resolves to one'),
  });
  return revision === undefined || revision === '' ? undefined : { label: revision, revision, includeChanges: false };
}

type BaseItem = vscode.QuickPickItem & { base?: Base };

async function listBases(source: BaseSource, folder: string): Promise<BaseItem[]> {
  const repository = await findRepository(source.git, folder);
  const [root, references, sessions] = await Promise.all([
    worktreeAround(repository),
    source.git.text(folder, [
      'for-each-ref',
      '--sort=-committerdate',
      `--count=${String(MAX_REFERENCES)}`,
      '--format=%(refname)',
      'refs/heads',
      'refs/remotes',
      'refs/tags',
    ]),
    source.listSessions({ repository: folder }),
  ]);
  const head = await headCommit(source.git, root);
  const checkout = { repository, path: root };
  const work = describeWork(await summarizeWorktree(checkout, head === '' ? undefined : head));
  const files = await withIsolatedGit(checkout, async (git) => listUncommittedFiles(git, root, head));
  const changed = [...files.changed, ...files.untracked].map(pathToText);
  const withChanges: BaseItem = {
    label: `$(git-commit) ${vscode.l10n.t('HEAD with my uncommitted changes')}`,
    description: work,
    detail: plainLabel(listPaths(changed, MAX_NAMED)),
    base: { label: vscode.l10n.t('HEAD with {work}', { work }), revision: 'HEAD', includeChanges: true },
  };
  return [
    { label: '$(git-commit) HEAD', base: HEAD_BASE },
    ...(work === '' ? [] : [withChanges]),
    { label: `$(search) ${vscode.l10n.t('Another commit…')}` },
    { label: vscode.l10n.t('Branches and tags'), kind: vscode.QuickPickItemKind.Separator },
    ...references
      .split('\n')
      .filter((reference) => reference !== '')
      .map((reference): BaseItem => {
        const label = reference.replace(/^refs\/(heads|remotes|tags)\//, '');
        return {
          label: `${reference.startsWith('refs/tags/') ? '$(tag)' : '$(git-branch)'} ${plainLabel(label)}`,
          base: { label, revision: reference, includeChanges: false },
        };
      }),
    { label: vscode.l10n.t('Sessions'), kind: vscode.QuickPickItemKind.Separator },
    ...sessions.flatMap(sessionItems),
  ];
}

/** Ways to start from a session: from its last snapshot now, or once it has completed. */
function sessionItems({ id, title, state, baseCommit }: SessionSummary): BaseItem[] {
  const base: Base = { label: `“${title}”`, revision: `refs/corral/${id}`, includeChanges: false };
  const label = `$(history) ${plainLabel(title)}`;
  const later: BaseItem = {
    label,
    description: vscode.l10n.t('its last snapshot when it has completed'),
    base: { ...base, label: vscode.l10n.t('“{title}” when it has completed', { title }), after: id },
  };
  return [
    ...(isOutcome(state) ? [] : [later]),
    ...(baseCommit === '' ? [] : [{ label, description: vscode.l10n.t('its last snapshot'), base }]),
  ];
}
