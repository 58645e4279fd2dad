/** Every error code that a person or another extension can meet. */
export type CorralErrorCode =
  | 'SESSION_NOT_FOUND'
  | 'AGENT_SESSION_NOT_FOUND'
  | 'RUN_NOT_FOUND'
  | 'EMPTY_PROMPT'
  | 'NO_FOLDER'
  | 'DISK_UNREACHABLE'
  | 'NO_REPOSITORY'
  | 'BARE_REPOSITORY'
  | 'REPOSITORY_SETTING'
  | 'CHECKOUT_MISSING'
  | 'REPOSITORY_MISSING'
  | 'NO_COMMIT'
  | 'BASE_NOT_FOUND'
  | 'GIT_NOT_FOUND'
  | 'GIT_TOO_OLD'
  | 'GIT_LOCKED'
  | 'GIT_FAILED'
  | 'NO_REMOTE'
  | 'FORGE_PROGRAM_MISSING'
  | 'FORGE_SIGNED_OUT'
  | 'FORGE_UNREACHABLE'
  | 'FORGE_LIMIT'
  | 'FORGE_FAILED'
  | 'AGENT_NOT_FOUND'
  | 'AGENT_UNKNOWN'
  | 'ATTACHMENT_NOT_FOUND'
  | 'ATTACHMENT_REFUSED'
  | 'GIT_IDENTITY'
  | 'WORKTREE_FAILED'
  | 'WORKTREE_MISSING'
  | 'WORKTREE_NOT_OURS'
  | 'SETTINGS_INVALID'
  | 'UNTRUSTED'
  | 'CONSENT_NEEDED'
  | 'CONFLICT'
  | 'ALREADY_ANSWERED'
  | 'PERMISSION_NOT_FOUND'
  | 'NOT_RUNNING'
  | 'RUNNING'
  | 'RUNNER_START_FAILED'
  | 'RUNNER_UNREACHABLE'
  | 'RUNNER_REFUSED'
  | 'RUNNER_TOO_OLD'
  | 'HOST_UNREACHABLE'
  | 'HOST_FAILED'
  | 'TIMEOUT'
  | 'STORE_READ_ONLY'
  | 'STORE_FAILED'
  | 'INVALID_ARGUMENT'
  | 'CANCELLED';

/** An error for a person to read: a stable code, and a sentence that says what to do. */
export class CorralError extends Error {
  readonly code: CorralErrorCode;

  constructor(code: CorralErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CorralError';
    this.code = code;
  }
}
