import * as vscode from 'vscode';
import { isOutcome } from '../../storage/runState';
import { pathToText, splitZ } from '../../supervisor/git/pathBytes';
import { findRepository } from '../../supervisor/git/repository';
import { summarizeWorktree } from '../../supervisor/git/worktrees/worktreeSummary';
import type { Supervisor } from '../../supervisor/supervisor';
import { describeWork } from '../text/worktreeLabels';
import { plainLabel } from '../text/plainLabel';

const MAX_REFERENCES = 200;
/** So many of the files that would come along are named. */
const MAX_NAMED = 8;

/** From where a session starts. */
export interface Base {
  /** What the person chose, in words. */
  label: string;
  revision: string;
  includeChanges: boolean;
  /** The session whose last snapshot it is, where that has to complete first. */
  after?: string;
}

export const HEAD_BASE: Base = { label: 'HEAD', revision: 'HEAD', includeChanges: false };

/** Asks from where the session starts: HEAD, HEAD with what is not committed yet, another session, a branch or tag, or any commit. Undefined where nothing was chosen. */
export async function chooseBase(supervisor: Supervisor, folder: string): Promise<Base | undefined> {
  const items = listBases(supervisor, folder);
  const chosen = await vscode.window.showQuickPick(items, {
    title: 'New Session · Base',
    placeHolder: 'From where should the agent start?',
    matchOnDescription: true,
  });
  if (chosen?.base !== undefined || chosen === undefined) return chosen?.base;
  const revision = await vscode.window.showInputBox({
    title: 'New Session · Base',
    prompt: 'A commit, or anything that git resolves to one',
  });
  return revision === undefined || revision === '' ? undefined : { label: revision, revision, includeChanges: false };
}

type BaseItem = vscode.QuickPickItem & { base?: Base };

async function listBases(supervisor: Supervisor, folder: string): Promise<BaseItem[]> {
  const repository = await findRepository(supervisor.git, folder);
  const [root, references, sessions] = await Promise.all([
    supervisor.git.text(folder, ['rev-parse', '--show-toplevel']),
    supervisor.git.text(folder, [
      'for-each-ref',
      '--sort=-committerdate',
      `--count=${String(MAX_REFERENCES)}`,
      '--format=%(refname)',
      'refs/heads',
      'refs/remotes',
      'refs/tags',
    ]),
    supervisor.listSessions({ repository: repository.mainWorktree }),
  ]);
  const work = describeWork(await summarizeWorktree({ repository, path: root }, 'HEAD'));
  const status = await supervisor.git.run(root, [
    'status',
    '--porcelain',
    '-z',
    '--no-renames',
    '--untracked-files=all',
  ]);
  const changed = splitZ(status.stdout).map((line) => pathToText(line.slice(3)));
  const withChanges: BaseItem = {
    label: '$(git-commit) HEAD with my uncommitted changes',
    description: work,
    detail:
      plainLabel(changed.slice(0, MAX_NAMED).join(', ')) +
      (changed.length > MAX_NAMED ? ` and ${changed.length - MAX_NAMED} more` : ''),
    base: { label: `HEAD with ${work}`, revision: 'HEAD', includeChanges: true },
  };
  return [
    { label: '$(git-commit) HEAD', base: HEAD_BASE },
    ...(work === '' ? [] : [withChanges]),
    { label: '$(search) Another commit…' },
    { label: 'Sessions', kind: vscode.QuickPickItemKind.Separator },
    ...sessions.flatMap(({ id, title, state, baseCommit }): BaseItem[] => {
      const base: Base = { label: `“${title}”`, revision: `refs/corral/${id}`, includeChanges: false };
      const label = `$(history) ${plainLabel(title)}`;
      return [
        ...(isOutcome(state)
          ? []
          : [
              {
                label,
                description: 'its last snapshot once it has completed',
                base: { ...base, label: `“${title}” once it has completed`, after: id },
              },
            ]),
        ...(baseCommit === '' ? [] : [{ label, description: 'its last snapshot', base }]),
      ];
    }),
    { label: 'Branches and tags', kind: vscode.QuickPickItemKind.Separator },
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
  ];
}
