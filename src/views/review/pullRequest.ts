import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import { findProgram } from '../../supervisor/agents/discovery';
import { closingText, creationParameters } from '../../supervisor/forge/creation';
import { openForge, type ForgeTools } from '../../supervisor/forge/findForge';
import { parseForgeAddress } from '../../supervisor/forge/forgeAddress';
import { ForgeProgram, missingProgram } from '../../supervisor/forge/forgeProgram';
import type { Git } from '../../supervisor/git/git';
import { findRepository, resolveCommit } from '../../supervisor/git/repository';
import { withTransferDirectory } from '../../supervisor/git/review/transferDirectory';
import { pushUrls, shownUrl, trackBranch } from '../../supervisor/git/review/remotes';
import { SAFE_CONFIGURATION, settingsEnvironment } from '../../supervisor/git/safeConfiguration';
import type { PushTarget } from '../../supervisor/lifecycle/pushTargets';
import type { WorktreeControl } from '../../supervisor/lifecycle/worktreeControl';
import { commandText } from '../text/commandText';
import { showWarningMessage } from '../text/messages';
import { plainLabel } from '../text/plainLabel';

/** Absolute paths, since a repository may hold a program of the same name. */
export interface PullRequestPrograms {
  git: string;
  /** GitHub's or GitLab's, which opens the pull request. */
  forge: ForgeProgram;
  /** Git LFS, where it is installed. */
  lfs: string | undefined;
}

type PushWorktree = Pick<WorktreeControl, 'pushTargets' | 'agreeToPush'>;

/** What a pull request needs of the supervisor. */
export interface PushSource {
  readonly git: Git;
  worktree(id: string): Promise<PushWorktree>;
}

/**
 * Of a remote that is no server's, such as a folder, `gh` itself has to find out where the pull request goes.
 * @throws GIT_NOT_FOUND FORGE_PROGRAM_MISSING FORGE_SIGNED_OUT
 */
export async function findPrograms(tools: ForgeTools, { urls }: PushTarget): Promise<PullRequestPrograms> {
  const [git, lfs] = await Promise.all(
    ['git', 'git-lfs'].map(async (program) => await findProgram({ program, environment: process.env })),
  );
  if (git === undefined) throw new CorralError('GIT_NOT_FOUND', vscode.l10n.t('Git was not found. Install it first.'));
  const address = parseForgeAddress(urls[0] ?? '');
  const forge =
    address === undefined
      ? await ForgeProgram.find('github', tools.runProcess)
      : (await openForge(address, tools)).program;
  if (forge === undefined) throw missingProgram('github', 'github.com');
  return { git: git.program, forge, lfs: lfs?.program };
}

/**
 * The remote that the branch is pushed to: the only one, the default, or the person's choice. Where an agent may have
 * changed where it leads, its address is shown and agreed to.
 * @throws INVALID_ARGUMENT where there is none
 * @throws CANCELLED
 */
export async function chooseTarget(source: PushSource, { id }: SessionSummary): Promise<PushTarget> {
  const worktree = await source.worktree(id);
  const { targets, remote } = await worktree.pushTargets();
  const target = targets.find((each) => each.remote === remote) ?? (await pickTarget(targets));
  if (!target.isKnown) await agreeTo(worktree, target);
  return target;
}

async function pickTarget(targets: readonly PushTarget[]): Promise<PushTarget> {
  if (targets.length === 0)
    throw new CorralError(
      'INVALID_ARGUMENT',
      vscode.l10n.t('This repository has no remote. Add one to open a pull request.'),
    );
  const items = targets.map((target) => ({
    label: plainLabel(target.remote),
    description: plainLabel(target.urls.join(' · ')),
    target,
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Open Pull Request'),
    placeHolder: vscode.l10n.t('Choose the remote to push the branch to'),
  });
  if (chosen === undefined) throw new CorralError('CANCELLED', vscode.l10n.t('No remote was chosen.'));
  return chosen.target;
}

/** @throws CANCELLED */
async function agreeTo(worktree: PushWorktree, target: PushTarget): Promise<void> {
  const push = vscode.l10n.t('Push');
  const question = vscode.l10n.t('Push to “{remote}” at this address?', { remote: target.remote });
  const detail = vscode.l10n.t(
    '{address}\n\nIt is not the address that the remote had when the repository’s sessions were made: you or an agent changed it.',
    { address: commandText(target.urls) },
  );
  if ((await showWarningMessage(question, { modal: true, detail }, push)) !== push)
    throw new CorralError('CANCELLED', vscode.l10n.t('Nothing was pushed.'));
  await worktree.agreeToPush(target);
}

/**
 * Pushes the branch and opens a pull request that closes the session's issue, both in terminals, in which they can ask
 * the person. The push reads none of the repository's configuration.
 * @throws GIT_FAILED where the push failed
 * @throws CONFLICT where the remote was changed after it was agreed to
 */
export async function openPullRequest(
  source: PushSource,
  programs: PullRequestPrograms,
  { repository: folder, issue }: SessionSummary,
  target: PushTarget,
  branch: string,
): Promise<void> {
  const repository = await findRepository(source.git, folder);
  const { remote } = target;
  const urls = await pushUrls(source.git, folder, remote);
  if (urls.map(shownUrl).join('\n') !== target.urls.join('\n'))
    throw new CorralError(
      'CONFLICT',
      vscode.l10n.t('The address of {remote} was changed meanwhile. Try again.', { remote }),
    );
  const commit = await resolveCommit(repository, `refs/heads/${branch}`);
  await withTransferDirectory(repository, { lfs: programs.lfs }, async ({ environment }) => {
    for (const url of urls) {
      const name = vscode.l10n.t('Push {branch}', { branch });
      const parameters = ['push', '--', url, `${commit}:refs/heads/${branch}`];
      if ((await runInTerminal(name, programs.git, parameters, folder, environment)) !== 0)
        throw new CorralError(
          'GIT_FAILED',
          vscode.l10n.t('The branch {branch} could not be pushed to {remote}. See its terminal.', { branch, remote }),
        );
    }
  });
  await trackBranch(repository, { remote, branch, commit });
  // Not awaited, as it goes on for as long as the person takes to answer, and its terminal tells the result.
  void runInTerminal(
    vscode.l10n.t('Pull Request · {branch}', { branch }),
    programs.forge.program,
    creationParameters(programs.forge.forge, branch, closingText(issue, target.urls[0] ?? '')),
    folder,
    settingsEnvironment([...SAFE_CONFIGURATION, ...(await source.git.readFilters(folder))]),
  );
}

/** Runs a task, whose terminal stays open. Its exit code; undefined where it could not be started. */
async function runInTerminal(
  name: string,
  program: string,
  parameters: string[],
  folder: string,
  environment: Record<string, string>,
): Promise<number | undefined> {
  const scope = vscode.workspace.workspaceFolders === undefined ? vscode.TaskScope.Global : vscode.TaskScope.Workspace;
  const task = new vscode.Task(
    { type: 'process' },
    scope,
    name,
    'Corral',
    new vscode.ProcessExecution(program, parameters, { cwd: folder, env: environment }),
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
