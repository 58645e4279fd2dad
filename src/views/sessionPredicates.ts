/** What can be asked of a session. */
import { isOutcome } from '../storage/runState';
import type { SessionSummary } from '../supervisor/api';

/** True where the session has a run, be it in the queue. */
export const hasBegun = (session: SessionSummary): boolean => session.runs.length > 0;

/** True where the session has a run that is not over, be it in the queue. */
export const isOpen = (session: SessionSummary): boolean =>
  session.currentRunId !== undefined && !isOutcome(session.state) && !session.restored;

/** True where the session is at work or about to be, be it in the queue. */
export const goesOn = ({ deleted, restored, status }: SessionSummary): boolean =>
  !deleted && !restored && (status === 'Starting' || status === 'Running');

/** True where the session counts as running, wherever they are counted: it is counted once, also where it needs you. */
export const isRunning = (session: SessionSummary): boolean =>
  goesOn(session) && !isWaiting(session) && !needsYou(session);

/** True where nothing of the session continues by itself. */
export const hasEnded = (session: SessionSummary): boolean => isOutcome(session.state) || session.restored;

/** True where nothing goes on until a person does something. */
export const needsYou = (session: SessionSummary): boolean =>
  !session.deleted &&
  !session.archived &&
  (session.needsInput || session.restored || session.unreachable !== undefined);

/** True where the way to the host on which the session works is lost. */
export const isHostAway = ({ host }: SessionSummary): boolean =>
  host?.state === 'unreachable' || host?.state === 'connecting';

/** True where the session has its worktree on a host. */
export const isOnHost = ({ worktreeUri, archived, deleted }: SessionSummary): boolean =>
  worktreeUri !== undefined && !archived && !deleted;

/** True where the session has work that could go on on a host. */
export const canMoveToHost = (session: SessionSummary): boolean =>
  hasBegun(session) && session.baseCommit !== '' && !session.archived && !session.deleted && !isHostAway(session);

/** True where the session waits in the queue. */
export const isWaiting = (session: SessionSummary): boolean => session.queuePosition !== undefined;
