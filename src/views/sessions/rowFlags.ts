import type { SessionSummary } from '../../supervisor/api';
import { isOnHost, hasBegun, isHostAway, isOpen, isWaiting } from '../sessionPredicates';
import { plainOptions, questionInRow, questionsInPicker } from './openQuestion';

/** What a session's menu depends on; the `when` clauses of package.json look for these in `viewItem`. */
export type SessionFlag =
  | 'session'
  | 'needsInput'
  | 'answerable'
  | 'choosable'
  | 'unclear'
  | 'open'
  | 'waiting'
  | 'atLimit'
  | 'busy'
  | 'maybeGone'
  | 'restored'
  | 'resumable'
  | 'native'
  | 'done'
  | 'worktree'
  | 'grouped'
  | 'applied'
  | 'branch'
  | 'lost'
  | 'work'
  | 'reachable'
  | 'onHost'
  | 'hostAway'
  | 'pinned'
  | 'unpinned'
  | 'unseen'
  | 'seen';

/** What this machine keeps about a session. */
export interface RowMarks {
  isPinned: boolean;
  /** It ended by itself and nobody has looked since. */
  isUnseen: boolean;
}
export const NO_MARKS: RowMarks = { isPinned: false, isUnseen: false };

/** The flags that hold for the session, always in the same order. */
export function sessionFlags(session: SessionSummary, { isPinned, isUnseen }: RowMarks = NO_MARKS): SessionFlag[] {
  const hasRun = hasBegun(session);
  const waiting = isWaiting(session);
  const open = isOpen(session);
  const question = questionInRow(session);
  const worktree = hasRun && session.baseCommit !== '';
  // A session that waits for its first run has changed nothing yet.
  const work = worktree && (!waiting || session.runs.length > 1);
  const answerable = question !== undefined && plainOptions(question) !== undefined;
  const choosable = question !== undefined && !answerable && questionsInPicker(question) !== undefined;
  const flags: Record<SessionFlag, boolean> = {
    session: true,
    needsInput: session.needsInput,
    answerable,
    choosable,
    unclear: session.needsInput && !answerable && !choosable,
    open,
    waiting,
    atLimit: session.asksAboutLimit === true,
    busy: open && !session.needsInput && !waiting,
    maybeGone: session.maybeGone === true,
    restored: session.restored || session.recoveryHint === 'restart',
    resumable: !open && hasRun,
    native: !open && session.nativeSessionId !== undefined,
    done: !open && !session.restored && hasRun,
    worktree,
    grouped: session.group !== undefined,
    applied: session.applied === true,
    branch: session.branch !== undefined,
    lost: session.repositoryMissing === true,
    work,
    reachable: work && !isHostAway(session),
    onHost: isOnHost(session) && !isHostAway(session),
    hostAway: isOnHost(session) && isHostAway(session),
    pinned: isPinned,
    unpinned: !isPinned,
    unseen: isUnseen,
    seen: !isUnseen,
  };
  return (Object.keys(flags) as SessionFlag[]).filter((flag) => flags[flag]); // the keys of the table above
}

/** A row's `viewItem`: each flag stands between semicolons, so that a regular expression matches it as a whole. */
export function contextValue(flags: readonly string[]): string {
  return `;${flags.join(';')};`;
}
