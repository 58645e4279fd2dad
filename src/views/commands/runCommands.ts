import * as vscode from 'vscode';
import type { CorralApi, SessionSummary } from '../../supervisor/api';
import type { GoneQuestion } from '../../supervisor/runs/gone/goneQuestion';
import type { TerminalCommand } from '../../supervisor/runs/terminalCommand';
import type { ChooseSession } from '../pickers/sessionChoice';
import { inProgress } from '../progress';
import { isOpen } from '../sessionPredicates';
import type { CommandName } from '../text/contributions';
import { goneDetail } from '../text/goneQuestion';
import { showWarningMessage } from '../text/messages';
import type { CommandActions } from './commandRunner';
import type { ChooseSessions } from './rows/manySessions';
import { forEachSession, listTitles } from './rows/manySessions';

export type RunCommandName = Extract<
  CommandName,
  'sendMessage' | 'stopSession' | 'killSession' | 'markAsGone' | 'resumeSession' | 'continueInTerminal'
>;

/** What these commands need of the supervisor. */
export interface RunsSource extends Pick<CorralApi, 'stop' | 'kill' | 'markAsGone' | 'resume'> {
  goneQuestion(id: string): Promise<GoneQuestion | undefined>;
  terminalCommand(id: string): Promise<TerminalCommand>;
}

/** Commands to talk to an agent, to end its run and to continue it. */
export function runCommands(
  source: RunsSource,
  choose: ChooseSession,
  chooseMany: ChooseSessions,
  writeMessage: (sessionId: string) => void,
): CommandActions<RunCommandName> {
  const noneRuns = vscode.l10n.t('No session is running.');
  return {
    sendMessage: async (argument) => {
      const none = vscode.l10n.t('There is no session yet.');
      writeMessage((await choose(argument, vscode.l10n.t('Send Message'), () => true, none)).id);
    },
    stopSession: async (argument) => {
      const sessions = await chooseMany(argument, vscode.l10n.t('Stop Session'), isOpen, noneRuns);
      if (sessions.length > 1) {
        const question = vscode.l10n.t('Stop {0} sessions?', sessions.length);
        const stop = vscode.l10n.t('Stop');
        const options = { modal: true, detail: listTitles(sessions) };
        if ((await showWarningMessage(question, options, stop)) !== stop) return;
      }
      await inProgress(async () => await forEachSession(sessions, async ({ id }) => await source.stop(id)));
    },
    killSession: async (argument) => {
      const session = await choose(argument, vscode.l10n.t('Kill Session'), isOpen, noneRuns);
      const kill = vscode.l10n.t('Kill');
      const question = vscode.l10n.t('Kill “{title}”?', { title: session.title });
      const detail = vscode.l10n.t('Its agent and everything that it started end at once. Files and history stay.');
      if ((await showWarningMessage(question, { modal: true, detail }, kill)) === kill) await source.kill(session.id);
    },
    markAsGone: async (argument) => {
      const fits = (each: SessionSummary): boolean => each.maybeGone === true;
      const none = vscode.l10n.t('Every session that runs answers.');
      const session = await choose(argument, vscode.l10n.t('Mark as Gone'), fits, none);
      const gone = await source.goneQuestion(session.id);
      const mark = vscode.l10n.t('Mark as Gone');
      const question = vscode.l10n.t('Mark “{title}” as gone?', { title: session.title });
      const options = { modal: true, detail: gone === undefined ? '' : goneDetail(gone) };
      // Where there is nothing to say, the supervisor says why.
      if (gone === undefined || (await showWarningMessage(question, options, mark)) === mark)
        await source.markAsGone(session.id);
    },
    resumeSession: async (argument) => {
      const none = vscode.l10n.t('Every session is running.');
      const session = await choose(argument, vscode.l10n.t('Resume Session'), (each) => !isOpen(each), none);
      await source.resume(session.id);
    },
    continueInTerminal: async (argument) => {
      const fits = (each: SessionSummary): boolean => !isOpen(each) && each.nativeSessionId !== undefined;
      const none = vscode.l10n.t('No session has ended that its agent can continue.');
      const session = await choose(argument, vscode.l10n.t('Continue in Terminal'), fits, none);
      const { program, arguments: shellArgs, cwd, environment } = await source.terminalCommand(session.id);
      const terminal = vscode.window.createTerminal({
        name: `${session.agent} · ${session.title}`,
        shellPath: program,
        shellArgs,
        cwd,
        env: environment,
        strictEnv: true,
        iconPath: new vscode.ThemeIcon('robot'),
      });
      terminal.show();
    },
  };
}
