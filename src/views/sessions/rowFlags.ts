import type { SessionSummary } from '../../supervisor/api';
import { hasBegun, isOpen, isWaiting } from '../sessionPredicates';
import { plainOptions, questionInRow } from './openQuestion';

/** What a session's menu depends on; the `when` clauses of package.json look for these in `viewItem`. */
export type SessionFlag =
  | 'session'
  | 'needsInput'
  | 'answerable'
  | 'unclear'
  | 'open'
  | 'waiting'
  | 'busy'
  | 'maybeGone'
  | 'restored'
  | 'resumable'
  | 'native'
  | 'done'
  | 'worktree'
  | 'grouped'
  | 'applied'
  | 'lost';

/** The flags that hold for the session, always in the same order. */
export function sessionFlags(session: SessionSummary): SessionFlag[] {
  const hasRun = hasBegun(session);
  const waiting = isWaiting(session);
  const open = isOpen(session);
  const question = questionInRow(session);
  const answerable = question !== undefined && plainOptions(question) !== undefined;
  const flags: Record<SessionFlag, boolean> = {
    session: true,
    needsInput: session.needsInput,
    answerable,
    unclear: session.needsInput && !answerable,
    open,
    waiting,
    busy: open && !session.needsInput && !waiting,
    maybeGone: session.maybeGone === true,
    restored: session.restored || session.recoveryHint === 'restart',
    resumable: !open && hasRun,
    native: !open && session.nativeSessionId !== undefined,
    done: !open && !session.restored && hasRun,
    worktree: hasRun && session.baseCommit !== '',
    grouped: session.group !== undefined,
    applied: session.applied === true,
    lost: session.repositoryMissing === true,
  };
  return (Object.keys(flags) as SessionFlag[]).filter((flag) => flags[flag]); // the keys of the table above
}

/** A row's `viewItem`: each flag stands between semicolons, so that a regular expression matches it as a whole. */
export function contextValue(flags: readonly string[]): string {
  return `;${flags.join(';')};`;
}
