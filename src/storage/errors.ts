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
  | 'GIT_REFUSED'
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
  | 'TIMEOUT'
  | 'HOST_SETTINGS_INVALID'
  | 'HOST_UNKNOWN'
  | 'HOST_UNREACHABLE'
  | 'HOST_KEY_UNKNOWN'
  | 'HOST_KEY_CHANGED'
  | 'HOST_PERMISSION_DENIED'
  | 'HOST_PROGRAM_MISSING'
  | 'HOST_NODE_MISSING'
  | 'HOST_NOT_WRITABLE'
  | 'HOST_GIT_MISSING'
  | 'HOST_DISK_FULL'
  | 'HOST_CLOCK_OFF'
  | 'HOST_CANNOT_DETACH'
  | 'HOST_NOT_OURS'
  | 'HOST_WORK_REFUSED'
  | 'HOST_WORK_TOO_LARGE'
  | 'HOST_WORK_MISSING'
  | 'HOST_FAILED'
  | 'HOST_NOT_SUPPORTED'
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

/** True where a host cannot be reached, or is none of `corral.hosts` any more: nothing can be done there now. */
export function isHostError(error: unknown): error is CorralError {
  return error instanceof CorralError && error.code.startsWith('HOST_');
}
