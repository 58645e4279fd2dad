import { isOutcome } from '../../storage/runState';
import type { SessionSummary } from '../../supervisor/api';

/** What a session's menu depends on; the `when` clauses of package.json look for these in `viewItem`. */
export type SessionFlag =
  | 'session'
  | 'needsInput'
  | 'open'
  | 'waiting'
  | 'busy'
  | 'restored'
  | 'resumable'
  | 'native'
  | 'done'
  | 'worktree'
  | 'grouped'
  | 'applied';

/** The flags that hold for the session, always in the same order. */
export function sessionFlags(session: SessionSummary): SessionFlag[] {
  const hasRun = session.runs.length > 0;
  const isWaiting = session.queuePosition !== undefined;
  const isOpen = session.currentRunId !== undefined && !isOutcome(session.state) && !session.restored;
  const flags: Record<SessionFlag, boolean> = {
    session: true,
    needsInput: session.needsInput,
    open: isOpen,
    waiting: isWaiting,
    busy: isOpen && !session.needsInput && !isWaiting,
    restored: session.restored || session.recoveryHint === 'restart',
    resumable: !isOpen && hasRun,
    native: !isOpen && session.nativeSessionId !== undefined,
    done: !isOpen && !session.restored && hasRun,
    worktree: hasRun && session.baseCommit !== '',
    grouped: session.group !== undefined,
    applied: session.applied === true,
  };
  return (Object.keys(flags) as SessionFlag[]).filter((flag) => flags[flag]); // the keys of the table above
}

/** A row's `viewItem`: each flag stands between semicolons, so that a regular expression matches it as a whole. */
export function contextValue(flags: readonly string[]): string {
  return `;${flags.join(';')};`;
}
