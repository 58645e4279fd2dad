import { oneLine } from '../common/oneLine';
import { isOutcome } from './runState';
import type { RunState } from './events';
import type { SessionFacts } from './sessionFacts';
import { currentRun, runState } from './sessionFacts';

/** The state of the session's current run; of a session that never had one, what became of its worktree. */
export function sessionState(facts: SessionFacts): RunState {
  const run = currentRun(facts);
  if (run !== undefined) return runState(run);
  return facts.worktree === 'failed' ? 'failed' : 'queued';
}

/** Why the session failed, as one line. Undefined where it did not, or where nobody said why. */
export function failureReason(facts: SessionFacts): string | undefined {
  const state = sessionState(facts);
  if (!isOutcome(state) || state === 'completed') return undefined;
  const run = currentRun(facts);
  const reason =
    run === undefined ? facts.worktreeFailure : isOutcome(run.eventState) ? run.reason : run.closed?.evidence;
  return reason === undefined || reason === '' ? undefined : oneLine(reason);
}
