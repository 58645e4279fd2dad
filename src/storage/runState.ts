import type { DraftEvent, RunOutcome, RunState } from './events';
import { RUN_OUTCOMES } from './events';

/** What can happen to a run, as far as its state is concerned. The ends are the outcomes themselves. */
export const RUN_SIGNALS = [
  'unchanged',
  'started',
  'active',
  'asked',
  'answered',
  'stopping',
  ...RUN_OUTCOMES,
] as const;
export type RunSignal = (typeof RUN_SIGNALS)[number];

type LiveState = Exclude<RunState, RunOutcome>;
type LiveSignal = Exclude<RunSignal, RunOutcome | 'unchanged'>;

/** The only transitions of live states; every outcome leads to itself, and an ended run stays ended. */
const NEXT: Record<LiveState, Record<LiveSignal, RunState>> = {
  queued: { started: 'starting', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  starting: { started: 'starting', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  running: { started: 'running', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  waiting: { started: 'waiting', active: 'waiting', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  // A question that comes while a run is being stopped does not make it look alive again.
  stopping: { started: 'stopping', active: 'stopping', asked: 'stopping', answered: 'stopping', stopping: 'stopping' },
};

/** True for the end of a run: no signal leads out of it. */
export function isOutcome(state: RunState | RunSignal): state is RunOutcome {
  return (RUN_OUTCOMES as readonly string[]).includes(state);
}

/** The run's state after the signal. */
export function nextRunState(state: RunState, signal: RunSignal): RunState {
  if (isOutcome(state) || signal === 'unchanged') return state;
  return isOutcome(signal) ? signal : NEXT[state][signal];
}

/** What the event means for its run's state. `openRequests` counts unanswered permission requests after the event. */
export function signalOf(event: DraftEvent, openRequests: number): RunSignal {
  switch (event.kind) {
    case 'run.started':
      return 'started';
    case 'run.exited':
      return event.data.outcome;
    case 'permission.request':
      return 'asked';
    case 'permission.answer':
      return openRequests === 0 ? 'answered' : 'active';
    case 'status':
      // Any other `status` only notes something, such as a pause that is over.
      return event.data.to === 'stopping' ? 'stopping' : 'unchanged';
    default:
      return 'active';
  }
}
