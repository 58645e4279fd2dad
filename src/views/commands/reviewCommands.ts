import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import { showChanges } from '../review/changesEditor';
import { showInformationMessage } from '../text/messages';
import type { CommandName } from '../text/contributions';
import { inProgress } from '../progress';
import { chooseRemote, findPrograms, openPullRequest } from '../review/pullRequest';
import type { ReviewComments } from '../review/reviewComments';
import type { ChooseSession } from '../pickers/sessionChoice';
import { hasBegun } from '../pickers/sessionChoice';
import type { SessionSummary } from '../../supervisor/api';
import type { ApplyMode } from '../../supervisor/git/review/applyChanges';
import type { Supervisor } from '../../supervisor/supervisor';

export type ReviewCommandName = Extract<
  CommandName,
  | 'reviewChanges'
  | 'applyChanges'
  | 'undoApply'
  | 'makeBranch'
  | 'openPullRequest'
  | 'addRemark'
  | 'discardRemark'
  | 'sendRemarks'
>;

export interface ReviewCommandsOptions {
  supervisor: Supervisor;
  comments: ReviewComments;
  choose: ChooseSession;
  /** Runs an action as a command does, with its errors shown. */
  attempt: (doing: string, action: () => Promise<void>) => Promise<void>;
}

/** To look at a session's whole change, and to take it over. */
export function reviewCommands({
  supervisor,
  comments,
  choose,
  attempt,
}: ReviewCommandsOptions): Record<ReviewCommandName, (argument: unknown) => Promise<void>> {
  const undoApply = async (session: SessionSummary): Promise<void> => {
    await inProgress(async () => {
      await (await supervisor.worktree(session.id)).undoApply();
    });
    void showInformationMessage(`The changes of “${session.title}” are out of your checkout again.`);
  };

  /** Makes the branch that the person names, or brings it up to date; undefined where they name none. */
  const makeBranch = async (session: SessionSummary, title: string): Promise<string | undefined> => {
    const answer = await vscode.window.showInputBox({
      title: `${title} · ${session.title}`,
      prompt: 'The branch gets the commits of the session, and one more for what is not committed.',
      value: session.branch ?? branchNameFor(session.title),
      ignoreFocusOut: true,
    });
    const name = answer?.trim();
    if (name === undefined) return undefined;
    await inProgress(async () => {
      await (await supervisor.worktree(session.id)).makeBranch(name);
    });
    return name;
  };

  return {
    reviewChanges: async (argument) => {
      const session = await choose(argument, 'Review Changes', hasBegun, 'No session has begun yet.');
      const comparison = await inProgress(async () => await (await supervisor.worktree(session.id)).changes());
      await showChanges(session, session.title, comparison, `“${session.title}” has changed no file so far.`);
    },
    applyChanges: async (argument) => {
      const session = await choose(argument, 'Apply Changes to Checkout', hasBegun, 'No session has begun yet.');
      const mode = await chooseMode(session.title);
      if (mode === undefined) return;
      const { conflicts } = await inProgress(async () => await (await supervisor.worktree(session.id)).apply(mode));
      const undo = 'Undo';
      const openChanges = 'Open Source Control';
      const where = mode === 'staged' ? 'staged in your checkout' : 'on your branch, as commits';
      const sentence =
        conflicts.length === 0
          ? `The changes of “${session.title}” are ${where}.`
          : `The changes of “${session.title}” are in your checkout, with conflicts in ${conflicts.join(', ')}.`;
      // Not awaited: the notification stays as long as the person likes, and the command is done.
      void showInformationMessage(sentence, openChanges, undo).then(async (chosen) => {
        if (chosen === openChanges) await vscode.commands.executeCommand('workbench.view.scm');
        if (chosen === undo) await attempt('undoApply', async () => await undoApply(session));
      });
    },
    undoApply: async (argument) => {
      await undoApply(
        await choose(
          argument,
          'Undo Apply',
          (each) => each.applied === true,
          'No change of a session was applied to your checkout.',
        ),
      );
    },
    addRemark: async (argument) => await comments.add(argument),
    discardRemark: (argument) => {
      comments.discard(argument);
      return Promise.resolve();
    },
    sendRemarks: async (argument) => {
      const about = comments.sessionIds();
      const none = 'There is no remark to send. Write one beside a line of Review Changes.';
      const session = await choose(
        comments.sessionIdOf(argument) ?? argument,
        'Send Review to Agent',
        (each) => about.has(each.id),
        none,
      );
      if (!about.has(session.id)) throw new CorralError('INVALID_ARGUMENT', none);
      const count = await inProgress(async () => await comments.send(session.id));
      void showInformationMessage(
        `${count === 1 ? 'Your remark' : `Your ${count} remarks`} went to the agent of “${session.title}”.`,
      );
    },
    makeBranch: async (argument) => {
      const session = await choose(argument, 'Make Branch', hasBegun, 'No session has begun yet.');
      const name = await makeBranch(session, 'Make Branch');
      if (name !== undefined) void showInformationMessage(`The branch ${name} holds the work of “${session.title}”.`);
    },
    openPullRequest: async (argument) => {
      const session = await choose(argument, 'Open Pull Request', hasBegun, 'No session has begun yet.');
      const programs = await findPrograms();
      const remote = await chooseRemote(supervisor.git, session.repository);
      const branch = await makeBranch(session, 'Open Pull Request');
      if (branch !== undefined) await openPullRequest(programs, session, remote, branch);
    },
  };
}

async function chooseMode(title: string): Promise<ApplyMode | undefined> {
  const items: (vscode.QuickPickItem & { mode: ApplyMode })[] = [
    {
      label: '$(diff-added) As Uncommitted Changes',
      description: 'staged, for you to look through and commit',
      mode: 'staged',
    },
    {
      label: '$(git-commit) As Commits',
      description: "the session's own, and one more for what it has not committed",
      mode: 'commits',
    },
  ];
  return (
    await vscode.window.showQuickPick(items, {
      title: `Apply Changes to Checkout · ${title}`,
      placeHolder: 'Nothing is forced, and Undo Apply takes it back',
    })
  )?.mode;
}

/** Letters and digits of the title, with hyphens between. */
function branchNameFor(title: string): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `corral/${words.slice(0, 6).join('-')}`;
}
