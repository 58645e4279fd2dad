/** What can be asked of a session. */
import { isOutcome } from '../storage/runState';
import type { SessionSummary } from '../supervisor/api';

/** It has a run, which may wait in the queue. */
export const hasBegun = (session: SessionSummary): boolean => session.runs.length > 0;

/** It has a run that goes on, or waits in the queue. */
export const isOpen = (session: SessionSummary): boolean =>
  session.currentRunId !== undefined && !isOutcome(session.state) && !session.restored;

/** Nothing of it goes on by itself. */
export const hasEnded = (session: SessionSummary): boolean => isOutcome(session.state) || session.restored;

/** It waits in the queue. */
export const isWaiting = (session: SessionSummary): boolean => session.queuePosition !== undefined;
