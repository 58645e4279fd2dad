import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import { type AgentsSource, chooseAgents } from '../../pickers/agentChoice';
import type { ChooseSession } from '../../pickers/sessionChoice';
import type { SessionDraftOptions } from '../../pickers/sessionDraft';
import { inProgress } from '../../progress';
import { hasBegun, isOpen } from '../../sessionPredicates';
import { showWarningMessage } from '../../text/messages';
import type { CommandActions, CommandContext } from '../commandRunner';
import { requireTrust } from '../sessionStarter';

/** What the command needs of the supervisor. */
export type HandOverSource = AgentsSource & Pick<CorralApi, 'handOver' | 'handOverPrompt' | 'stop'>;

export interface HandOverOptions extends Pick<SessionDraftOptions, 'settings' | 'bundles'> {
  source: HandOverSource;
  choose: ChooseSession;
  runner: { context: CommandContext };
  showTimeline: (sessionId: string) => void;
}

/** The command to go on with another agent. All that it would be told is shown and can be changed before it is sent. */
export function handOverCommand(options: HandOverOptions): CommandActions<'continueWithAgent'> {
  const { source, settings, bundles, choose, runner, showTimeline } = options;
  return {
    continueWithAgent: async (argument) => {
      requireTrust();
      const none = vscode.l10n.t('No session has begun yet.');
      const session = await choose(argument, vscode.l10n.t('Continue with Another Agent'), hasBegun, none);
      const [agent] =
        (await chooseAgents(
          { agents: settings().agents, bundles, runProcess: source.runProcess },
          {
            title: vscode.l10n.t('Continue with Another Agent · {title}', { title: session.title }),
            placeholder: vscode.l10n.t('Which agent should go on in the same worktree? You see first what it is told.'),
            many: false,
            without: [session.agent, 'command'],
          },
        )) ?? [];
      if (agent === undefined || !(await stopped(source, session, agent))) return;
      runner.context.agent = agent;
      const prompt = await askToSend(agent, await inProgress(async () => await source.handOverPrompt(session.id)));
      if (prompt === undefined) return;
      await inProgress(async () => await source.handOver(session.id, { agent, prompt }));
      showTimeline(session.id);
    },
  };
}

/** True once nothing runs of the session: two agents would get in each other's way. */
async function stopped(source: HandOverSource, session: SessionSummary, agent: string): Promise<boolean> {
  if (!isOpen(session)) return true;
  const stop = vscode.l10n.t('Stop It');
  const question = vscode.l10n.t('Stop {agent}, which works on “{title}”?', {
    agent: session.agent,
    title: session.title,
  });
  const detail = vscode.l10n.t('{agent} can go on when it has ended. You see first what {agent} is told.', { agent });
  if ((await showWarningMessage(question, { modal: true, detail }, stop)) !== stop) return false;
  await inProgress(async () => await source.stop(session.id));
  return true;
}

/** Shows what the agent would be told in an editor. Gives the text of that as it is sent, undefined where it is not. */
async function askToSend(agent: string, prompt: string): Promise<string | undefined> {
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: prompt });
  const editor = await vscode.window.showTextDocument(document, { preview: false });
  const send: vscode.QuickPickItem = {
    label: `$(arrow-right) ${vscode.l10n.t('Send to {agent}', { agent })}`,
    detail: vscode.l10n.t('It gets the text of this editor, and can read all files of the worktree.'),
  };
  const cancel: vscode.QuickPickItem = { label: `$(close) ${vscode.l10n.t('Do Not Send')}` };
  const chosen = await vscode.window.showQuickPick([send, cancel], {
    title: vscode.l10n.t('Continue with {agent}', { agent }),
    placeHolder: vscode.l10n.t('Read what {agent} is told, and change it as you like. Then send it.', { agent }),
    ignoreFocusOut: true,
  });
  const text = document.getText();
  // Closes it without a question to save: what was sent is in the session's timeline.
  await vscode.window.showTextDocument(document, { ...(editor.viewColumn && { viewColumn: editor.viewColumn }) });
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  return chosen === send ? text : undefined;
}
