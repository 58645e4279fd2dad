import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import { findProgram } from '../../supervisor/agents/discovery';
import type { Git } from '../../supervisor/git/git';

/** Absolute paths, since a repository may hold a program of the same name. */
export interface PullRequestPrograms {
  git: string;
  gh: string;
}

/** @throws INVALID_ARGUMENT where one is missing */
export async function findPrograms(): Promise<PullRequestPrograms> {
  const [git, gh] = await Promise.all(
    ['git', 'gh'].map(async (program) => await findProgram({ program, environment: process.env })),
  );
  if (git === undefined || gh === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      vscode.l10n.t(
        'GitHub’s program “gh”, which opens pull requests, was not found. Install it and sign in with “gh auth login”, or use Make Branch.',
      ),
    );
  return { git: git.program, gh: gh.program };
}

/**
 * The remote that the branch is pushed to: the only one, `remote.pushDefault`, or the person's choice.
 * @throws INVALID_ARGUMENT where there is none
 * @throws CANCELLED where the person chooses none
 */
export async function chooseRemote(git: Git, folder: string): Promise<string> {
  const remotes = (await git.text(folder, ['remote'])).split('\n').filter((name) => name !== '');
  const [only, ...others] = remotes;
  if (only === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      vscode.l10n.t('This repository has no remote. Add one to open a pull request.'),
    );
  if (others.length === 0) return only;
  const configured = await git.text(folder, ['config', '--get', 'remote.pushDefault'], { acceptedExitCodes: [0, 1] });
  if (remotes.includes(configured)) return configured;
  const chosen = await vscode.window.showQuickPick(remotes, {
    title: vscode.l10n.t('Open Pull Request'),
    placeHolder: vscode.l10n.t('Choose the remote to push the branch to'),
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No remote was chosen.'));
  return chosen;
}

/**
 * Pushes the branch and runs `gh pr create`, both in terminals, in which they can ask the person.
 * They run the repository's hooks, since Git LFS needs them for a push.
 * @throws GIT_FAILED where the push failed
 */
export async function openPullRequest(
  { git, gh }: PullRequestPrograms,
  { repository }: SessionSummary,
  remote: string,
  branch: string,
): Promise<void> {
  const reference = `refs/heads/${branch}`;
  const exitCode = await runInTerminal(
    vscode.l10n.t('Push {branch}', { branch }),
    git,
    ['push', '--set-upstream', '--', remote, `${reference}:${reference}`],
    repository,
  );
  if (exitCode !== 0)
    throw new CorralError(
      'GIT_FAILED',
      vscode.l10n.t('The branch {branch} could not be pushed to {remote}. See its terminal.', { branch, remote }),
    );
  // Not awaited, as it goes on for as long as the person takes to answer, and its terminal tells the result.
  void runInTerminal(
    vscode.l10n.t('Pull Request · {branch}', { branch }),
    gh,
    ['pr', 'create', `--head=${branch}`],
    repository,
  );
}

/** Runs a task, whose terminal stays open. Its exit code; undefined where it could not be started. */
async function runInTerminal(
  name: string,
  program: string,
  parameters: string[],
  folder: string,
): Promise<number | undefined> {
  const scope = vscode.workspace.workspaceFolders === undefined ? vscode.TaskScope.Global : vscode.TaskScope.Workspace;
  const task = new vscode.Task(
    { type: 'process' },
    scope,
    name,
    'Corral',
    new vscode.ProcessExecution(program, parameters, { cwd: folder }),
  );
  task.presentationOptions = {
    reveal: vscode.TaskRevealKind.Always,
    focus: true,
    panel: vscode.TaskPanelKind.Dedicated,
  };
  const subscriptions: vscode.Disposable[] = [];
  try {
    const execution = await vscode.tasks.executeTask(task);
    return await new Promise((resolve) => {
      subscriptions.push(
        vscode.tasks.onDidEndTaskProcess((end) => {
          if (end.execution === execution) resolve(end.exitCode);
        }),
        // A task without a process sends this event alone.
        vscode.tasks.onDidEndTask((end) => {
          if (end.execution === execution) setImmediate(() => resolve(undefined));
        }),
      );
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}
