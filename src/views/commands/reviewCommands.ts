import * as vscode from 'vscode';
import { CorralError } from '../../storage/errors';
import type { SessionSummary } from '../../supervisor/api';
import type { ApplyMode } from '../../supervisor/git/review/applyChanges';
import type { ForgeTools } from '../../supervisor/forge/findForge';
import type { WorktreeControl } from '../../supervisor/lifecycle/worktreeControl';
import type { ChooseSession } from '../pickers/sessionChoice';
import { inProgress } from '../progress';
import { showChanges } from '../review/changesEditor';
import { chooseTarget, findPrograms, openPullRequest, type PushSource } from '../review/pullRequest';
import type { ReviewComments } from '../review/reviewComments';
import { hasBegun } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import { showInformationMessage, showWarningMessage } from '../text/messages';
import { askForFilters, type ConsentSource } from './consentCommands';
import type { Attempt, CommandActions } from './commandRunner';

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

/** What these commands need of the supervisor. */
export interface ReviewSource extends PushSource, ConsentSource, ForgeTools {
  worktree(
    id: string,
  ): Promise<Pick<WorktreeControl, 'changes' | 'apply' | 'undoApply' | 'makeBranch' | 'pushTargets' | 'agreeToPush'>>;
}

export interface ReviewCommandsOptions {
  source: ReviewSource;
  comments: ReviewComments;
  choose: ChooseSession;
  attempt: Attempt;
}

const MAX_BRANCH_WORDS = 6;

/** Commands to review a session's changes, to comment on them and to apply them. */
export function reviewCommands({
  source,
  comments,
  choose,
  attempt,
}: ReviewCommandsOptions): CommandActions<ReviewCommandName> {
  const chooseBegun = async (argument: unknown, title: string): Promise<SessionSummary> =>
    await choose(argument, title, hasBegun, vscode.l10n.t('No session has begun yet.'));

  const undoApply = async ({ id, title }: SessionSummary): Promise<void> => {
    await inProgress(async () => await (await source.worktree(id)).undoApply());
    void showInformationMessage(vscode.l10n.t('Removed the changes of “{title}” from your checkout.', { title }));
  };

  /** Makes or updates the branch that the person names; undefined where they name none. */
  const makeBranch = async (session: SessionSummary, title: string): Promise<string | undefined> => {
    const answer = await vscode.window.showInputBox({
      title: `${title} · ${session.title}`,
      prompt: vscode.l10n.t('The branch gets the session’s commits, and one more with its uncommitted changes.'),
      value: session.branch ?? branchNameFor(session.title),
      ignoreFocusOut: true,
    });
    const name = answer?.trim();
    if (name === undefined) return undefined;
    await askForFilters(source, session.repository);
    await inProgress(async () => await (await source.worktree(session.id)).makeBranch(name));
    return name;
  };

  /** Undefined where the checkout of the session is gone, and the person does not want the main one instead. */
  const apply = async (session: SessionSummary, mode: ApplyMode): Promise<readonly string[] | undefined> => {
    const worktree = await source.worktree(session.id);
    try {
      return (await inProgress(async () => await worktree.apply(mode))).conflicts;
    } catch (error) {
      if (!(error instanceof CorralError) || error.code !== 'CHECKOUT_MISSING') throw error;
      const answer = vscode.l10n.t('Apply to the Main Checkout');
      const detail = vscode.l10n.t('The main checkout is {folder}.', { folder: session.repository });
      if ((await showWarningMessage(error.message, { modal: true, detail }, answer)) !== answer) return undefined;
      return (await inProgress(async () => await worktree.apply(mode, 'mainWorktree'))).conflicts;
    }
  };

  return {
    reviewChanges: async (argument) => {
      const session = await chooseBegun(argument, vscode.l10n.t('Review Changes'));
      const comparison = await inProgress(async () => await (await source.worktree(session.id)).changes());
      const { title } = session;
      await showChanges(session, title, comparison, vscode.l10n.t('“{title}” has changed no files yet.', { title }));
    },
    applyChanges: async (argument) => {
      const session = await chooseBegun(argument, vscode.l10n.t('Apply Changes to Checkout'));
      const mode = await chooseApplyMode(session.title);
      if (mode === undefined) return;
      await askForFilters(source, session.repository);
      const conflicts = await apply(session, mode);
      if (conflicts === undefined) return;
      const undo = vscode.l10n.t('Undo');
      const openChanges = vscode.l10n.t('Open Source Control');
      // Not awaited: the notification stays as long as the person likes, and the command is done.
      void showInformationMessage(describeApplied(session.title, mode, conflicts), openChanges, undo).then(
        async (chosen) => {
          if (chosen === openChanges) await vscode.commands.executeCommand('workbench.view.scm');
          if (chosen === undo) await attempt('undoApply', async () => await undoApply(session));
        },
      );
    },
    undoApply: async (argument) => {
      const none = vscode.l10n.t('No session’s changes are applied to your checkout.');
      await undoApply(await choose(argument, vscode.l10n.t('Undo Apply'), (each) => each.applied === true, none));
    },
    addRemark: async (argument) => await comments.add(argument),
    discardRemark: (argument) => {
      comments.discard(argument);
      return Promise.resolve();
    },
    sendRemarks: async (argument) => {
      const commented = comments.sessionIds();
      const none = vscode.l10n.t('There is no comment to send. Write one on a line in “Review Changes”.');
      const { id, title } = await choose(
        comments.sessionIdOf(argument) ?? argument,
        vscode.l10n.t('Send Review to Agent'),
        (each) => commented.has(each.id),
        none,
      );
      if (!commented.has(id)) throw new CorralError('INVALID_ARGUMENT', none);
      const count = await inProgress(async () => await comments.send(id));
      void showInformationMessage(
        count === 1
          ? vscode.l10n.t('Sent your comment to the agent of “{title}”.', { title })
          : vscode.l10n.t('Sent your {count} comments to the agent of “{title}”.', { count, title }),
      );
    },
    makeBranch: async (argument) => {
      const title = vscode.l10n.t('Make Branch');
      const session = await chooseBegun(argument, title);
      const branch = await makeBranch(session, title);
      if (branch === undefined) return;
      const names = { branch, title: session.title };
      void showInformationMessage(vscode.l10n.t('The branch {branch} has the work of “{title}”.', names));
    },
    openPullRequest: async (argument) => {
      const title = vscode.l10n.t('Open Pull Request');
      const session = await chooseBegun(argument, title);
      const target = await chooseTarget(source, session);
      const programs = await findPrograms(source, target);
      const branch = await makeBranch(session, title);
      if (branch !== undefined) await openPullRequest(source, programs, session, target, branch);
    },
  };
}

async function chooseApplyMode(title: string): Promise<ApplyMode | undefined> {
  const items: (vscode.QuickPickItem & { mode: ApplyMode })[] = [
    {
      label: `$(diff-added) ${vscode.l10n.t('As Uncommitted Changes')}`,
      description: vscode.l10n.t('staged, for you to review and commit'),
      mode: 'staged',
    },
    {
      label: `$(git-commit) ${vscode.l10n.t('As Commits')}`,
      description: vscode.l10n.t('the session’s own, and one more with its uncommitted changes'),
      mode: 'commits',
    },
  ];
  const chosen = await vscode.window.showQuickPick(items, {
    title: vscode.l10n.t('Apply Changes to Checkout · {title}', { title }),
    placeHolder: vscode.l10n.t('Nothing is overwritten, and “Undo Apply” takes it back'),
  });
  return chosen?.mode;
}

function describeApplied(title: string, mode: ApplyMode, conflicts: readonly string[]): string {
  if (conflicts.length > 0)
    return vscode.l10n.t('The changes of “{title}” are in your checkout, with conflicts in {files}.', {
      title,
      files: conflicts.join(', '),
    });
  return mode === 'staged'
    ? vscode.l10n.t('The changes of “{title}” are staged in your checkout.', { title })
    : vscode.l10n.t('The changes of “{title}” are on your branch, as commits.', { title });
}

/** The title's first words, with hyphens between. */
function branchNameFor(title: string): string {
  const words = title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return `corral/${words.slice(0, MAX_BRANCH_WORDS).join('-')}`;
}
