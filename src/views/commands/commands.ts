import * as vscode from 'vscode';
import type { PromptLoader } from '../composer/composer';
import { Composer } from '../composer/composer';
import { composerActions } from '../composer/composerActions';
import { composerCommands, registerProblemFixes } from '../composer/composerCommands';
import type { ChooseSession, SessionsInFront, SessionsSource } from '../pickers/sessionChoice';
import { chooseSession } from '../pickers/sessionChoice';
import type { CommentsSource } from '../review/reviewComments';
import { ReviewComments } from '../review/reviewComments';
import type { PermissionSource } from '../sessions/permissionAnswer';
import type { SessionMarks } from '../sessions/sessionMarks';
import { readSettings, storageDirectory } from '../settings';
import type { CommandName } from '../text/contributions';
import { COMMANDS } from '../text/contributions';
import { showError } from '../text/errorMessages';
import { showHint } from '../text/messages';
import type { CorralApi } from '../../supervisor/api';
import type { TimelineTarget } from '../../protocol/timelineProtocol';
import type { CommandActions, RunCommand } from './commandRunner';
import { CommandRunner, onDemand } from './commandRunner';
import type { AsideOptions } from './agents/asideCommand';
import type { HandOverSource } from './agents/handOverCommand';
import type { ComparisonSource } from './compareCommands';
import type { HistorySource } from './history/historyCommands';
import type { AgentConsentSource } from '../mcp/agentConsent';
import type { ConsentSource } from './consentCommands';
import { consentCommands } from './consentCommands';
import type { EventsSource } from './history/eventCommands';
import type { ContinueHereOptions } from './hosts/continueHereCommand';
import type { ForwardPortOptions } from './hosts/forwardPortCommand';
import type { HostsSource } from './hosts/hostCommands';
import type { MoveToHostOptions } from './hosts/moveToHostCommand';
import { permissionCommands } from './permissionCommands';
import type { ProcessEndingSource } from './processCommands';
import type { QueueSource } from './queueCommands';
import { hostMends } from './hosts/hostMends';
import { forgeMends, repositoryMends } from './repositoryMends';
import type { ReviewSource } from './reviewCommands';
import type { RunsSource } from './runCommands';
import type { SessionCommandsSource } from './sessionCommands';
import type { SessionStarterOptions } from './sessionStarter';
import { SessionStarter } from './sessionStarter';
import { isForgottenRow } from './rows/forgottenRow';
import { chooseSessions, rowsOf } from './rows/manySessions';
import type { TreeControl } from './rows/treeControl';
import { treeCommands } from './rows/treeCommands';
import { SearchResultsTree } from './history/searchResultsTree';
import type { SnapshotsSource } from './snapshotCommands';
import type { StoreSource } from './storeCommands';
import type { WorktreesSource } from './worktreeCommands';
import type { InventorySource } from './worktrees/worktreeManager';

const REVIEW = [
  'reviewChanges',
  'applyChanges',
  'undoApply',
  'makeBranch',
  'openPullRequest',
  'addRemark',
  'discardRemark',
  'sendRemarks',
] as const;
const WORKTREE = [
  'openWorktree',
  'deleteSession',
  'undoDelete',
  'restoreWorktree',
  'locateRepository',
  'archiveSession',
  'unarchiveSession',
] as const;
const HOSTS = [
  'testHost',
  'setUpHost',
  'connectHost',
  'installHost',
  'cleanUpHost',
  'openHostWindow',
  'openHostSettings',
] as const;
const RUN = ['sendMessage', 'stopSession', 'killSession', 'markAsGone', 'resumeSession', 'continueInTerminal'] as const;
const HISTORY = ['searchHistory', 'showEvent', 'showMoreResults', 'clearSearchResults', 'exportSession'] as const;

/** What all commands together need of the supervisor. */
export type CommandsSource = SessionsSource &
  SessionCommandsSource &
  SessionStarterOptions['source'] &
  Pick<PermissionSource, 'answerPermission'> &
  RunsSource &
  QueueSource &
  ComparisonSource &
  HandOverSource &
  ReviewSource &
  CommentsSource &
  SnapshotsSource &
  WorktreesSource &
  InventorySource &
  HistorySource &
  EventsSource &
  StoreSource &
  ProcessEndingSource &
  ConsentSource &
  AgentConsentSource &
  AsideOptions['source'] &
  HostsSource &
  ContinueHereOptions['source'] &
  MoveToHostOptions['source'] &
  ForwardPortOptions['source'] &
  Pick<CorralApi, 'listAgents'>;

export interface CommandsOptions {
  context: vscode.ExtensionContext;
  source: CommandsSource;
  log: vscode.LogOutputChannel;
  /** The folder of the bundles. */
  bundles: string;
  prompts: PromptLoader;
  showTimeline: (sessionId: string, target?: TimelineTarget) => void;
  inFront: SessionsInFront;
  showOverview: () => void;
  tree: TreeControl;
  marks: SessionMarks;
  /** Commands about timelines. */
  timelineActions: CommandActions<'chooseDetail'>;
  reveal: (sessionId: string) => Promise<void>;
}

/** Registers every command. What a command throws is shown with the buttons that mend it. */
export function registerCommands(options: CommandsOptions): vscode.Disposable {
  const { context, source, log, bundles, showTimeline, reveal } = options;
  const runner: CommandRunner = new CommandRunner(log, async (about) => ({
    ...starter.mendsFor(about),
    ...repositoryMends(source.git, runner, async (...command) => await run(...command), about),
    ...forgeMends(about),
    ...hostMends(async (...command) => await run(...command), about),
    ...(about.session !== undefined && {
      restoreWorktree: async () => await run('restoreWorktree', about.session?.id),
    }),
    ...(about.session !== undefined &&
      (await source.goneQuestion(about.session.id).catch(() => undefined)) !== undefined && {
        markAsGone: async () => await run('markAsGone', about.session?.id),
      }),
  }));
  const { attempt } = runner;
  const onError = (error: unknown): void => void showError(log, 'newSession', error);
  const draftOptions = { context, settings: readSettings, bundles };
  const starter = new SessionStarter({ ...draftOptions, source, onError, runner, reveal });
  const comments = new ReviewComments(source);
  const results = new SearchResultsTree(source);
  const composer = new Composer(options.prompts, context.workspaceState, {
    extensionUri: context.extensionUri,
    actions: composerActions({ ...draftOptions, source, onError, runner, starter }),
    showTimeline,
  });

  const chooseAny: ChooseSession = async (argument, title, fits, none) => {
    const session = await chooseSession(source, options.inFront, argument, title, fits, none);
    runner.context.session = session;
    return session;
  };
  const choose: ChooseSession = async (argument, title, fits, none) =>
    await chooseAny(argument, title, (each) => !each.deleted && fits(each), none);

  const chooseMany = chooseSessions(source, choose);
  const selected = (): readonly string[] => options.tree.selectedSessions;

  const fromWindow: Partial<CommandActions<CommandName>> & ReturnType<typeof composerCommands> = composerCommands({
    composer,
    starter,
  });
  const actions: CommandActions<CommandName> = {
    newSession: async (argument) => await starter.start(await starter.chooseRepository(argument)),
    ...onDemand(['tryDemo', 'importSession', 'duplicateSession', 'replayTimeline', 'renameSession'], async () =>
      (await import('./sessionCommands')).sessionCommands({
        source,
        starter,
        choose,
        storageDirectory: storageDirectory(context),
        reveal,
        showTimeline,
      }),
    ),
    ...fromWindow,
    ...onDemand(['newSessionFromIssue', 'newSessionFromPullRequest'], async () =>
      (await import('../composer/issueCommands')).issueCommands({ source, composer, starter, runner }),
    ),
    ...permissionCommands(
      { answerPermission: async (...answer) => await source.answerPermission(...answer), showTimeline },
      choose,
    ),
    ...onDemand(RUN, async () =>
      (await import('./runCommands')).runCommands(source, choose, chooseMany, (sessionId) =>
        showTimeline(sessionId, 'messageBox'),
      ),
    ),
    ...treeCommands({ source, tree: options.tree, marks: options.marks, chooseMany, showTimeline, reveal }),
    ...onDemand(['askAside'], async () =>
      (await import('./agents/asideCommand')).asideCommand({ ...draftOptions, source, choose, showTimeline }),
    ),
    ...onDemand(['continueWithAgent'], async () =>
      (await import('./agents/handOverCommand')).handOverCommand({
        ...draftOptions,
        source,
        runner,
        choose,
        showTimeline,
      }),
    ),
    ...onDemand(['continueHere'], async () =>
      (await import('./hosts/continueHereCommand')).continueHereCommand({ source, choose, showTimeline }),
    ),
    ...onDemand(['moveToHost'], async () =>
      (await import('./hosts/moveToHostCommand')).moveToHostCommand({ source, choose, showTimeline }),
    ),
    ...onDemand(['forwardPort'], async () =>
      (await import('./hosts/forwardPortCommand')).forwardPortCommand({ source, choose }),
    ),
    ...onDemand(['startNow', 'waitForLimit', 'moveUpInQueue', 'moveDownInQueue', 'startAfter'], async () =>
      (await import('./queueCommands')).queueCommands(source, choose),
    ),
    ...onDemand(['compareAgents', 'compareChanges'], async () =>
      (await import('./compareCommands')).compareCommands({ ...draftOptions, source, starter, choose: chooseAny }),
    ),
    ...onDemand(REVIEW, async () =>
      (await import('./reviewCommands')).reviewCommands({ source, comments, choose: chooseAny, attempt }),
    ),
    ...onDemand(['takeSnapshot', 'showSnapshots'], async () =>
      (await import('./snapshotCommands')).snapshotCommands({ source, choose: chooseAny, attempt, starter }),
    ),
    ...onDemand(WORKTREE, async () =>
      (await import('./worktreeCommands')).worktreeCommands({ source, choose: chooseAny, chooseMany, reveal, run }),
    ),
    ...onDemand(['openTerminal', 'revealWorktree', 'copyWorktreePath', 'copyBranch', 'backToRepository'], async () =>
      (await import('./rows/folderCommands')).folderCommands(choose),
    ),
    ...onDemand(HISTORY, async () =>
      (await import('./history/historyCommands')).historyCommands({ source, choose: chooseAny, results, showTimeline }),
    ),
    ...onDemand(['copyEvent', 'copyEventLink', 'openRawEvent', 'startFromEvent'], async () =>
      (await import('./history/eventCommands')).eventCommands(source, starter),
    ),
    ...onDemand(['checkStore', 'showStorage', 'eraseHistory'], async () =>
      (await import('./storeCommands')).storeCommands({ source, log, choose: chooseAny, showTimeline }),
    ),
    ...onDemand(['showProcesses', 'endProcess'], async () =>
      (await import('./processCommands')).processCommands(source),
    ),
    ...consentCommands(source),
    ...options.timelineActions,
    manageWorktrees: async (argument) => {
      const { manageWorktrees } = await import('./worktrees/worktreeManager');
      await manageWorktrees({ source, run, attempt }, argument);
    },
    ...onDemand(HOSTS, async () => (await import('./hosts/hostCommands')).hostCommands({ source, log, attempt })),
    reportProblem: async () => {
      const { reportProblem } = await import('../help/problemReport');
      await reportProblem({ context, source, agents: async () => await source.listAgents() });
    },
    showOverview: () => {
      options.showOverview();
      return Promise.resolve();
    },
    showLog: () => {
      log.show();
      return Promise.resolve();
    },
  };
  const run: RunCommand = async (name, argument) => {
    await attempt(name, async () => await actions[name](argument));
  };

  return vscode.Disposable.from(
    comments,
    results,
    composer,
    registerProblemFixes(),
    ...(Object.keys(COMMANDS) as CommandName[]).map((name) =>
      vscode.commands.registerCommand(COMMANDS[name], async (argument: unknown, ...others: unknown[]) => {
        if (isForgottenRow(argument, others)) {
          showHint(vscode.l10n.t('Nothing was done: the list was just changing. Try it again.'));
          return;
        }
        const action = fromWindow[name] ?? (async () => await actions[name](rowsOf(argument, others[0], selected())));
        await attempt(name, async () => await action(argument, ...others));
      }),
    ),
  );
}
