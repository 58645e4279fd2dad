/** Ids of everything that package.json contributes; a test compares the two. */

export const COMMANDS = {
  newSession: 'corral.newSession',
  newSessionInEditor: 'corral.newSessionInEditor',
  newSessionFromSelection: 'corral.newSessionFromSelection',
  newSessionFromFile: 'corral.newSessionFromFile',
  newSessionFromChanges: 'corral.newSessionFromChanges',
  newSessionFromIssue: 'corral.newSessionFromIssue',
  newSessionFromPullRequest: 'corral.newSessionFromPullRequest',
  fixProblem: 'corral.fixProblem',
  compareAgents: 'corral.compareAgents',
  compareChanges: 'corral.compareChanges',
  tryDemo: 'corral.tryDemo',
  answerPermission: 'corral.answerPermission',
  allowPermission: 'corral.allowPermission',
  denyPermission: 'corral.denyPermission',
  showPermission: 'corral.showPermission',
  replayTimeline: 'corral.replayTimeline',
  showOverview: 'corral.showOverview',
  chooseDetail: 'corral.chooseDetail',
  sendMessage: 'corral.sendMessage',
  stopSession: 'corral.stopSession',
  killSession: 'corral.killSession',
  markAsGone: 'corral.markAsGone',
  resumeSession: 'corral.resumeSession',
  importSession: 'corral.importSession',
  continueInTerminal: 'corral.continueInTerminal',
  continueHere: 'corral.continueHere',
  moveToHost: 'corral.moveToHost',
  forwardPort: 'corral.forwardPort',
  continueWithAgent: 'corral.continueWithAgent',
  askAside: 'corral.askAside',
  startNow: 'corral.startNow',
  waitForLimit: 'corral.waitForLimit',
  moveUpInQueue: 'corral.moveUpInQueue',
  moveDownInQueue: 'corral.moveDownInQueue',
  startAfter: 'corral.startAfter',
  renameSession: 'corral.renameSession',
  openWorktree: 'corral.openWorktree',
  deleteSession: 'corral.deleteSession',
  undoDelete: 'corral.undoDelete',
  restoreWorktree: 'corral.restoreWorktree',
  locateRepository: 'corral.locateRepository',
  reviewChanges: 'corral.reviewChanges',
  applyChanges: 'corral.applyChanges',
  undoApply: 'corral.undoApply',
  makeBranch: 'corral.makeBranch',
  openPullRequest: 'corral.openPullRequest',
  addRemark: 'corral.addRemark',
  discardRemark: 'corral.discardRemark',
  sendRemarks: 'corral.sendRemarks',
  takeSnapshot: 'corral.takeSnapshot',
  showSnapshots: 'corral.showSnapshots',
  manageWorktrees: 'corral.manageWorktrees',
  archiveSession: 'corral.archiveSession',
  unarchiveSession: 'corral.unarchiveSession',
  searchHistory: 'corral.searchHistory',
  showEvent: 'corral.showEvent',
  copyEvent: 'corral.copyEvent',
  copyEventLink: 'corral.copyEventLink',
  openRawEvent: 'corral.openRawEvent',
  startFromEvent: 'corral.startFromEvent',
  showMoreResults: 'corral.showMoreResults',
  clearSearchResults: 'corral.clearSearchResults',
  exportSession: 'corral.exportSession',
  checkStore: 'corral.checkStore',
  showStorage: 'corral.showStorage',
  eraseHistory: 'corral.eraseHistory',
  reviewCommands: 'corral.reviewCommands',
  allowAgents: 'corral.allowAgents',
  groupByRepository: 'corral.groupByRepository',
  groupByStatus: 'corral.groupByStatus',
  groupByDay: 'corral.groupByDay',
  filterSessions: 'corral.filterSessions',
  clearFilter: 'corral.clearFilter',
  showOnlyHere: 'corral.showOnlyHere',
  showEverywhere: 'corral.showEverywhere',
  pinSession: 'corral.pinSession',
  unpinSession: 'corral.unpinSession',
  markAsUnread: 'corral.markAsUnread',
  markAsRead: 'corral.markAsRead',
  goToNextQuestion: 'corral.goToNextQuestion',
  showStatusMenu: 'corral.showStatusMenu',
  showProcesses: 'corral.showProcesses',
  endProcess: 'corral.endProcess',
  openTerminal: 'corral.openTerminal',
  revealWorktree: 'corral.revealWorktree',
  copyWorktreePath: 'corral.copyWorktreePath',
  copyBranch: 'corral.copyBranch',
  backToRepository: 'corral.backToRepository',
  duplicateSession: 'corral.duplicateSession',
  testHost: 'corral.testHost',
  setUpHost: 'corral.setUpHost',
  connectHost: 'corral.connectHost',
  installHost: 'corral.installHost',
  cleanUpHost: 'corral.cleanUpHost',
  openHostWindow: 'corral.openHostWindow',
  openHostSettings: 'corral.openHostSettings',
  reportProblem: 'corral.reportProblem',
  showLog: 'corral.showLog',
} as const;
export type CommandName = keyof typeof COMMANDS;

export const SESSIONS_VIEW = 'corral.sessions';
export const COMPOSER_VIEW = 'corral.composer';
export const HOSTS_VIEW = 'corral.hosts';
export const PROCESSES_VIEW = 'corral.processes';
export const SEARCH_RESULTS_VIEW = 'corral.searchResults';
/** The files of the moment that a timeline shows. */
export const MOMENT_VIEW = 'corral.momentFiles';
/** VS Code makes such a command for every view. */
export const FOCUS_SESSIONS = `${SESSIONS_VIEW}.focus`;
export const FOCUS_COMPOSER = `${COMPOSER_VIEW}.focus`;
export const FOCUS_PROCESSES = `${PROCESSES_VIEW}.focus`;
export const FOCUS_SEARCH_RESULTS = `${SEARCH_RESULTS_VIEW}.focus`;

/** The editor of timelines, and the pages in it. */
export const TIMELINE_VIEW_TYPE = 'corral.timeline';

/** The tools of `src/sessionTools` for VS Code's language models, whose names begin with `corral_` there. */
export const LANGUAGE_MODEL_TOOLS = [
  'list_sessions',
  'read_session',
  'search_history',
  'review_changes',
  'wait_for',
  'start_session',
  'send_message',
  'stop_session',
] as const;

/** Who tells VS Code of the MCP server. */
export const MCP_SERVERS = 'corral.sessions';

/** Context key: the setting names hosts. */
export const HOSTS_CONTEXT = 'corral.hasHosts';
/** Context key: somebody asked for the view of processes, which few need. */
export const PROCESSES_CONTEXT = 'corral.showsProcesses';
export const MOMENT_CONTEXT = 'corral.showsMoment';

/** Context key: there are results of a search to show. */
export const SEARCH_CONTEXT = 'corral.showsSearchResults';

/** Context key: the list of sessions is known, so an empty one may show the welcome text. */
export const READY_CONTEXT = 'corral.ready';

/** Context key: the flags of the session whose timeline or review is in front, as a row of the tree has them. */
export const ACTIVE_SESSION_CONTEXT = 'corral.activeSession';

/** Context keys: how the tree of sessions is grouped, whether it is filtered, and to this window's repositories. */
export const GROUPING_CONTEXT = 'corral.grouping';
export const FILTERED_CONTEXT = 'corral.filtered';
export const ONLY_HERE_CONTEXT = 'corral.onlyHere';

export const SETTINGS = {
  agents: 'agents',
  hosts: 'hosts',
  timelineDetail: 'timeline.detail',
  permissionMode: 'permissionMode',
  worktreesLocation: 'worktrees.location',
  worktreesInclude: 'worktrees.include',
  worktreesLink: 'worktrees.link',
  worktreesSpare: 'worktrees.spare',
  worktreesSetupCommand: 'worktrees.setupCommand',
  worktreesSetupMinutes: 'worktrees.setupMinutes',
  worktreesTeardownCommand: 'worktrees.teardownCommand',
  worktreesTeardownMinutes: 'worktrees.teardownMinutes',
  storageLocation: 'storage.location',
  stopGraceSeconds: 'stopGraceSeconds',
  durability: 'durability',
  maxConcurrentRuns: 'maxConcurrentRuns',
  countWaitingRuns: 'countWaitingRuns',
  minimumFreeMemory: 'minimumFreeMemory',
  onUsageLimit: 'onUsageLimit',
  recoveryPolicy: 'recovery.policy',
  runnerNode: 'runner.node',
  mcpInSessions: 'mcp.inSessions',
  notifications: 'notifications',
  budget: 'budget',
} as const;
