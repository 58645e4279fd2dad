import type { CorralErrorCode } from '../../storage/errors';

/** What a person can do about an error, as a button. */
export type Mend =
  | 'openFolder'
  | 'tryDemo'
  | 'manageTrust'
  | 'openAgentSettings'
  | 'openHostSettings'
  | 'testHost'
  | 'connectHost'
  | 'continueHere'
  | 'initializeRepository'
  | 'makeFirstCommit'
  | 'installAgent'
  | 'setAgentPath'
  | 'checkAgain'
  | 'signIn'
  | 'restoreWorktree'
  | 'markAsGone'
  | 'putBackSetting'
  | 'locateRepository'
  | 'editRequest'
  | 'showLog';

/** Where nothing special mends an error, and for unexpected ones. */
export const DEFAULT_MENDS: readonly Mend[] = ['editRequest', 'showLog'];

const HOST_MENDS: readonly Mend[] = [
  'editRequest',
  'connectHost',
  'continueHere',
  'testHost',
  'openHostSettings',
  'showLog',
];

/**
 * What mends each error, most useful first; where the log has nothing to add, `showLog` is left out.
 * A mend is offered only where the failed command has what it acts on, such as a request to edit.
 */
export const MENDS: Readonly<Record<CorralErrorCode, readonly Mend[]>> = {
  SESSION_NOT_FOUND: DEFAULT_MENDS,
  AGENT_SESSION_NOT_FOUND: DEFAULT_MENDS,
  RUN_NOT_FOUND: DEFAULT_MENDS,
  EMPTY_PROMPT: ['editRequest'],
  NO_FOLDER: ['openFolder', 'tryDemo'],
  DISK_UNREACHABLE: DEFAULT_MENDS,
  NO_REPOSITORY: ['initializeRepository', 'editRequest'],
  BARE_REPOSITORY: DEFAULT_MENDS,
  CHECKOUT_MISSING: ['showLog'],
  REPOSITORY_MISSING: ['locateRepository', 'showLog'],
  REPOSITORY_SETTING: ['putBackSetting', 'editRequest', 'showLog'],
  NO_COMMIT: ['makeFirstCommit', 'editRequest'],
  BASE_NOT_FOUND: DEFAULT_MENDS,
  GIT_NOT_FOUND: DEFAULT_MENDS,
  GIT_TOO_OLD: DEFAULT_MENDS,
  GIT_LOCKED: DEFAULT_MENDS,
  GIT_IDENTITY: [],
  GIT_FAILED: DEFAULT_MENDS,
  GIT_REFUSED: DEFAULT_MENDS,
  NO_REMOTE: [],
  FORGE_PROGRAM_MISSING: [],
  FORGE_SIGNED_OUT: ['signIn', 'showLog'],
  FORGE_UNREACHABLE: ['showLog'],
  FORGE_LIMIT: ['showLog'],
  FORGE_FAILED: ['showLog'],
  AGENT_NOT_FOUND: ['installAgent', 'setAgentPath', 'checkAgain', 'editRequest'],
  AGENT_UNKNOWN: ['editRequest', 'openAgentSettings', 'showLog'],
  ATTACHMENT_NOT_FOUND: ['showLog'],
  ATTACHMENT_REFUSED: ['editRequest'],
  WORKTREE_FAILED: DEFAULT_MENDS,
  WORKTREE_MISSING: ['restoreWorktree', 'showLog'],
  WORKTREE_NOT_OURS: DEFAULT_MENDS,
  SETTINGS_INVALID: ['editRequest', 'openAgentSettings', 'showLog'],
  UNTRUSTED: ['manageTrust'],
  CONSENT_NEEDED: [],
  CONFLICT: DEFAULT_MENDS,
  ALREADY_ANSWERED: [],
  PERMISSION_NOT_FOUND: DEFAULT_MENDS,
  NOT_RUNNING: [],
  RUNNING: ['markAsGone'],
  RUNNER_START_FAILED: DEFAULT_MENDS,
  RUNNER_UNREACHABLE: ['markAsGone', ...DEFAULT_MENDS],
  RUNNER_REFUSED: DEFAULT_MENDS,
  RUNNER_TOO_OLD: ['markAsGone', ...DEFAULT_MENDS],
  TIMEOUT: ['markAsGone', ...DEFAULT_MENDS],
  HOST_SETTINGS_INVALID: HOST_MENDS,
  HOST_UNKNOWN: HOST_MENDS,
  HOST_UNREACHABLE: HOST_MENDS,
  HOST_KEY_UNKNOWN: HOST_MENDS,
  HOST_KEY_CHANGED: HOST_MENDS,
  HOST_PERMISSION_DENIED: HOST_MENDS,
  HOST_PROGRAM_MISSING: HOST_MENDS,
  HOST_NODE_MISSING: HOST_MENDS,
  HOST_NOT_WRITABLE: HOST_MENDS,
  HOST_GIT_MISSING: HOST_MENDS,
  HOST_DISK_FULL: HOST_MENDS,
  HOST_CLOCK_OFF: HOST_MENDS,
  HOST_CANNOT_DETACH: HOST_MENDS,
  HOST_NOT_OURS: HOST_MENDS,
  HOST_WORK_REFUSED: DEFAULT_MENDS,
  HOST_WORK_TOO_LARGE: DEFAULT_MENDS,
  HOST_WORK_MISSING: DEFAULT_MENDS,
  HOST_FAILED: HOST_MENDS,
  HOST_NOT_SUPPORTED: DEFAULT_MENDS,
  STORE_READ_ONLY: DEFAULT_MENDS,
  STORE_FAILED: DEFAULT_MENDS,
  INVALID_ARGUMENT: DEFAULT_MENDS,
  CANCELLED: [],
};
