import './views/translations'; // first: other modules translate sentences when they load
import { join } from 'node:path';
import * as vscode from 'vscode';
import { messageOf } from './common/errors';
import type { CorralApi } from './supervisor/api';
import { Supervisor } from './supervisor/supervisor';
import { PromptLoader } from './views/composer/composer';
import { AgentConsents } from './views/mcp/agentConsent';
import { offerReview } from './views/commands/consentCommands';
import { ActiveSession } from './views/sessions/activeSession';
import { registerCommands } from './views/commands/commands';
import { showError } from './views/text/errorMessages';
import { COMMANDS, READY_CONTEXT, SETTINGS } from './views/text/contributions';
import { goOnAtLimit } from './views/notices/limitNotice';
import type { Sight } from './views/noticeChoice';
import { SessionNotices } from './views/notices/sessionNotices';
import { HostsTree } from './views/hosts/hostsTree';
import { OverviewPanel } from './views/overview/overviewPanel';
import { keepReviews } from './views/reviewTabs';
import { OwnWorktree } from './views/sessions/ownWorktree';
import { ProcessesTree } from './views/sessions/processesTree';
import { RevisionFiles } from './views/review/revisionFiles';
import { registerRowBadges } from './views/sessions/tree/rowBadges';
import { SessionMarks } from './views/sessions/sessionMarks';
import { registerLanguageModelTools } from './views/mcp/languageModelTools';
import { registerMcpServer } from './views/mcp/mcpServerProvider';
import { SessionsTree } from './views/sessions/tree/sessionsTree';
import { readNotices, readSettings, SECTION, storageDirectory } from './views/settings';
import { readWorktreeSettings } from './views/worktreeSettings';
import { StatusBar } from './views/sessions/statusBar';
import type { OverviewAction } from './protocol/overviewProtocol';
import type { TimelineTarget } from './protocol/timelineProtocol';
import { timelineCommands } from './views/timeline/timelineCommands';
import { MomentFiles } from './views/timeline/moment/momentFiles';
import { TimelineEditors } from './views/timeline/timelineEditors';
import { notifyOfStrays } from './views/commands/worktrees/strayNotice';
import { WindowScope } from './views/sessions/windowScope';

/** Fewer sessions are read faster than a person can read the message about it. */
const SCAN_SHOWN_FROM = 20;

let supervisor: Supervisor | undefined;

/** Makes the parts, connects them and returns the API. Nothing here waits for the disk. */
export function activate(context: vscode.ExtensionContext): CorralApi {
  const log = vscode.window.createOutputChannel('Corral', { log: true });
  const bundles = join(context.extensionPath, 'dist');
  const scope = new WindowScope(() => tree.lookAgain());
  const made = new Supervisor({
    storageDirectory: storageDirectory(context),
    bundles,
    settings: readSettings,
    worktreeSettings: (repository) => readWorktreeSettings(scope.folderOf(repository)),
    keptValues: context.globalState,
    isTrusted: () => vscode.workspace.isTrusted,
    log,
  });
  supervisor = made;

  keepReviews(context.workspaceState);
  const marks = new SessionMarks(context.globalState);
  const statusBar = new StatusBar((session) => marks.isUnseen(session));
  const tree = new SessionsTree({
    source: made,
    marks,
    isHere: (repository) => scope.isRepositoryHere(repository),
    memento: context.workspaceState,
    changed: (sessions) => notices.look(sessions),
    listed: (sessions) => {
      statusBar.show(sessions);
      activeSession.show(sessions);
      ownWorktree.show(sessions);
      hosts.show(sessions);
    },
    onError: (error) => log.error(`The list of sessions: ${messageOf(error)}`),
  });

  const hosts = new HostsTree(made, (error) => log.error(`The list of hosts: ${messageOf(error)}`));
  const onError = (doing: string, error: unknown): void => void showError(log, doing, error);
  const momentFiles = new MomentFiles(made);
  const prompts = new PromptLoader(context, made.git);
  const timelines = new TimelineEditors({
    source: made,
    extensionUri: context.extensionUri,
    momentFiles,
    prompts: async () => await prompts.prompts(),
    memento: context.workspaceState,
    sessionShown: (sessionId: string) => {
      tree.markSeen(sessionId);
      notices.sessionShown(sessionId);
    },
    onError,
  });
  const activeSession = new ActiveSession(() => timelines.activeSession);
  const ownWorktree = new OwnWorktree({
    isHere: (session) => scope.distance(session) === 0,
    select: (sessionId) => {
      if (!tree.isVisible) return false;
      tree.reveal(sessionId).catch((error: unknown) => onError('openWorktree', error));
      return true;
    },
  });
  const showTimeline = (sessionId: string, target?: TimelineTarget): void =>
    void timelines.show(sessionId, target).catch((error: unknown) => onError('timeline', error));
  const overview = {
    source: made,
    extensionUri: context.extensionUri,
    showTimeline: (sessionId: string) => showTimeline(sessionId),
    act: (action: OverviewAction, sessionId: string) => {
      const command = action === 'answer' ? COMMANDS.answerPermission : COMMANDS.resumeSession;
      void vscode.commands.executeCommand(command, sessionId);
    },
  };
  const sight = (sessionId: string): Sight => ({
    isWindowFocused: vscode.window.state.focused,
    isListVisible: tree.isVisible,
    isTimelineActive: timelines.activeSession === sessionId,
  });
  const notices = new SessionNotices({
    source: made,
    settings: readNotices,
    distance: (session) => scope.distance(session),
    isUnseen: (session) => marks.isUnseen(session),
    sight,
    showTimeline,
    onError,
  });

  made.newestSessions().then(
    async (sessions) => await tree.take(sessions),
    () => undefined, // the list cannot be read either, and says why
  );
  made.whenReady().then(
    async () => {
      tree.ask();
      await vscode.commands.executeCommand('setContext', READY_CONTEXT, true);
    },
    (error: unknown) => {
      tree.fail(messageOf(error));
      onError('Opening the store', error);
    },
  );

  made.onDidCompleteRecovery(() => {
    if (vscode.workspace.isTrusted)
      notifyOfStrays(context, made, log).catch((error: unknown) => onError('Looking for worktrees', error));
  });

  context.subscriptions.push(
    log,
    scope,
    tree,
    marks,
    statusBar,
    notices,
    made.onDidScan(({ read, all }) => {
      const isShown = read < all && all > SCAN_SHOWN_FROM;
      tree.message = isShown ? vscode.l10n.t('Recovering sessions: {read} of {all} read', { read, all }) : '';
    }),
    made.onDidWithholdCommand(({ sessionId, ...command }) => {
      const offer = async (): Promise<void> => {
        const isAllowed = await offerReview(made, command, (await made.getSession(sessionId)).title);
        const [agent] = command.use === 'handOver' && isAllowed ? command.command : [];
        if (agent !== undefined) await goOnAtLimit(made, sessionId, agent);
      };
      offer().catch((error: unknown) => onError('reviewCommands', error));
    }),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${SECTION}.${SETTINGS.hosts}`)) made.hosts.noteSettings();
    }),
    hosts,
    new ProcessesTree(made),
    registerRowBadges(),
    momentFiles,
    timelines,
    activeSession,
    ownWorktree,
    OverviewPanel.register(overview),
    RevisionFiles.register(made.git),
    registerMcpServer(context, bundles),
    registerLanguageModelTools(made),
    new AgentConsents(made, {
      storageDirectory: storageDirectory(context),
      isHere: (repository) => scope.isRepositoryHere(repository),
      onError,
    }),
    registerCommands({
      context,
      source: made,
      log,
      bundles,
      prompts,
      showTimeline,
      inFront: {
        active: (sessions) => activeSession.find(sessions)?.id,
        selected: () => tree.selectedSessions[0],
      },
      showOverview: () => OverviewPanel.show(overview),
      timelineActions: timelineCommands(),
      tree,
      marks,
      reveal: async (sessionId) => await tree.reveal(sessionId),
    }),
  );
  return made;
}

/** Closes this window's connections and index. Runs continue without the editor. */
export async function deactivate(): Promise<void> {
  await supervisor?.close();
}
