import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import { findAgent } from '../../supervisor/agents/discovery';
import type { Git } from '../../supervisor/git/git';

/** The person's own programs, as absolute paths: a repository may hold one of the same name. */
export interface PullRequestPrograms {
  git: string;
  gh: string;
}

/** Throws INVALID_ARGUMENT where one is missing. */
export async function findPrograms(): Promise<PullRequestPrograms> {
  const [git, gh] = await Promise.all(
    ['git', 'gh'].map(async (program) => await findAgent({ program, environment: process.env })),
  );
  if (git === undefined || gh === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      'Pull requests are opened by GitHub’s program gh, which was not found on your PATH. Install it and sign in by “gh auth login”, or take the work by Make Branch.',
    );
  return { git: git.program, gh: gh.program };
}

/** Where the branch goes: where the person's own pushes go, or the only remote. Throws INVALID_ARGUMENT where there is none, CANCELLED. */
export async function chooseRemote(git: Git, folder: string): Promise<string> {
  const remotes = (await git.text(folder, ['remote'])).split('\n').filter((name) => name !== '');
  const [only, ...others] = remotes;
  if (only === undefined)
    throw new CorralError(
      'INVALID_ARGUMENT',
      'This repository has no remote, so there is nowhere to open a pull request.',
    );
  if (others.length === 0) return only;
  const configured = await git.text(folder, ['config', '--get', 'remote.pushDefault'], { acceptedExitCodes: [0, 1] });
  if (remotes.includes(configured)) return configured;
  const chosen = await vscode.window.showQuickPick(remotes, {
    title: 'Open Pull Request',
    placeHolder: 'To which remote does the branch go?',
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', 'No remote was chosen.');
  return chosen;
}

/**
 * Pushes the branch, unforced, and runs `gh pr create` for it in a terminal of the checkout, where both ask the person what they have to know. Where there is a pull
 * request already, the push has brought it up to date, and gh says where it is. These two are the person's own commands, hooks and all: a push needs those of
 * Git LFS. Throws GIT_FAILED where the push failed.
 */
export async function openPullRequest(
  { git, gh }: PullRequestPrograms,
  { repository }: SessionSummary,
  remote: string,
  branch: string,
): Promise<void> {
  const reference = `refs/heads/${branch}`;
  const exitCode = await runInTerminal(
    `Push ${branch}`,
    git,
    ['push', '--set-upstream', '--', remote, `${reference}:${reference}`],
    repository,
  );
  if (exitCode !== 0)
    throw new CorralError(
      'GIT_FAILED',
      `The branch ${branch} could not be pushed to ${remote}; the terminal says why.`,
    );
  // Not awaited: the person takes the time that they need, and the terminal says what became of it.
  void runInTerminal(`Pull Request · ${branch}`, gh, ['pr', 'create', `--head=${branch}`], repository);
}

/** As a task, whose terminal stays open with all that the program said. Resolves with its exit code; undefined where it could not be started. */
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
        // The one of a task that has no process comes alone.
        vscode.tasks.onDidEndTask((end) => {
          if (end.execution === execution) setImmediate(() => resolve(undefined));
        }),
      );
    });
  } finally {
    for (const subscription of subscriptions) subscription.dispose();
  }
}
