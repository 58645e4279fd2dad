import type { RunOutcome, RunState } from './events';
import { RUN_OUTCOMES } from './events';

/** What can happen to a run, as far as its state is concerned. The ends are the outcomes themselves. */
export const RUN_SIGNALS = ['started', 'active', 'asked', 'answered', 'stopping', ...RUN_OUTCOMES] as const;
export type RunSignal = (typeof RUN_SIGNALS)[number];

const ENDS = Object.fromEntries(RUN_OUTCOMES.map((outcome) => [outcome, outcome])) as Record<RunOutcome, RunOutcome>;

const LIVE: Record<Exclude<RunState, RunOutcome>, Record<Exclude<RunSignal, RunOutcome>, RunState>> = {
  //          run.started           any sign of the agent  a question            the last answer       a stop was asked for
  queued: { started: 'starting', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  starting: { started: 'starting', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  running: { started: 'running', active: 'running', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  waiting: { started: 'waiting', active: 'waiting', asked: 'waiting', answered: 'running', stopping: 'stopping' },
  // A question that comes while a run is being stopped does not make it look alive again.
  stopping: { started: 'stopping', active: 'stopping', asked: 'stopping', answered: 'stopping', stopping: 'stopping' },
};

/** True for a state that a run never leaves by itself. */
export function isOutcome(state: RunState): state is RunOutcome {
  return (RUN_OUTCOMES as readonly string[]).includes(state);
}

/** The one transition table: total, pure, without time. An ended run stays ended, whatever is heard later. */
export function nextRunState(state: RunState, signal: RunSignal): RunState {
  if (isOutcome(state)) return state;
  return signal in ENDS ? ENDS[signal as RunOutcome] : LIVE[state][signal as Exclude<RunSignal, RunOutcome>];
}
