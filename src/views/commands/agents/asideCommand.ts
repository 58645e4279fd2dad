import * as vscode from 'vscode';
import { listAgents } from '../../../supervisor/agents/agentRegistry';
import type { CorralApi, SessionSummary } from '../../../supervisor/api';
import { type AgentsSource, chooseAgents } from '../../pickers/agentChoice';
import type { ChooseSession } from '../../pickers/sessionChoice';
import type { SessionDraftOptions } from '../../pickers/sessionDraft';
import { inProgress } from '../../progress';
import { hasBegun } from '../../sessionPredicates';
import type { CommandActions } from '../commandRunner';
import { requireTrust } from '../sessionStarter';

export interface AsideOptions extends Pick<SessionDraftOptions, 'settings' | 'bundles'> {
  source: AgentsSource & Pick<CorralApi, 'askAside'> & { asideProblem: (id: string) => Promise<string | undefined> };
  choose: ChooseSession;
  showTimeline: (sessionId: string) => void;
}

/** The command to ask a session's agent, or another one, something beside its work. */
export function asideCommand(options: AsideOptions): CommandActions<'askAside'> {
  const { source, choose, showTimeline } = options;
  return {
    askAside: async (argument) => {
      requireTrust();
      const none = vscode.l10n.t('No session has begun yet.');
      const session = await choose(argument, vscode.l10n.t('Ask About This Session'), hasBegun, none);
      const problem = await source.asideProblem(session.id);
      let agent = problem === undefined ? session.agent : await chooseAnswerer(options, session, problem);
      let question = '';
      for (;;) {
        if (agent === undefined) return;
        const answer = await askForQuestion(session, agent, question);
        if (answer === undefined) return;
        question = answer.text;
        if (!answer.isForAnother) break;
        const placeholder = vscode.l10n.t('Who should answer? Another agent is told what was said.');
        agent = (await chooseAnswerer(options, session, placeholder, problem === undefined)) ?? agent;
      }
      const answerer = agent;
      showTimeline(session.id);
      await inProgress(async () => await source.askAside(session.id, question.trim(), { agent: answerer }));
    },
  };
}

async function chooseAnswerer(
  { source, settings, bundles }: AsideOptions,
  { title, agent }: SessionSummary,
  placeholder: string,
  canOwn = false,
): Promise<string | undefined> {
  const { agents } = settings();
  const commands = listAgents(agents).flatMap(({ name, driver }) => (driver === 'command' ? [name] : []));
  const [chosen] =
    (await chooseAgents(
      { agents, bundles, runProcess: source.runProcess },
      {
        title: vscode.l10n.t('Ask About “{title}”', { title }),
        placeholder,
        many: false,
        without: canOwn ? commands : [...commands, agent],
      },
    )) ?? [];
  return chosen;
}

/** Undefined where nothing is asked. `isForAnother` where another agent is to be chosen first. */
async function askForQuestion(
  session: SessionSummary,
  agent: string,
  value: string,
): Promise<{ text: string; isForAnother: boolean } | undefined> {
  const input = vscode.window.createInputBox();
  input.title = vscode.l10n.t('Ask About “{title}”', { title: session.title });
  input.value = value;
  input.placeholder = vscode.l10n.t('Why is the parser in a file of its own?');
  input.prompt =
    agent === session.agent
      ? vscode.l10n.t(
          '{agent} answers beside the work, which goes on as if nothing was asked: nothing is changed, and it costs tokens.',
          { agent },
        )
      : vscode.l10n.t(
          '{agent} is told what was said, can read the worktree, and answers beside the work: nothing is changed, and it costs tokens.',
          { agent },
        );
  input.buttons = [
    { iconPath: new vscode.ThemeIcon('robot'), tooltip: vscode.l10n.t('Choose the Agent That Answers') },
  ];
  input.ignoreFocusOut = true;
  try {
    return await new Promise((resolve) => {
      input.onDidAccept(() => {
        if (input.value.trim() !== '') resolve({ text: input.value, isForAnother: false });
      });
      input.onDidTriggerButton(() => resolve({ text: input.value, isForAnother: true }));
      input.onDidHide(() => resolve(undefined));
      input.show();
    });
  } finally {
    input.dispose();
  }
}
