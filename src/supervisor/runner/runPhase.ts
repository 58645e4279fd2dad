import type { EndRequest } from './runEnd';

/** What a run waits for. The state that people see follows from its events; this decides what the runner does next. */
export type RunPhase =
  /** For the agent, or for what comes before it. */
  | { name: 'active' }
  /** For processes that are being ended: somebody asked for it, or the agent rested too long. */
  | { name: 'ending'; cause: EndRequest | 'idle' }
  /** For nothing: the last record is written. */
  | { name: 'over' };

/** Who asked for the run's end; undefined while nobody has. */
export function endRequestOf(phase: RunPhase): EndRequest | undefined {
  return phase.name === 'ending' && phase.cause !== 'idle' ? phase.cause : undefined;
}

/** True where the request changes anything: the first one counts, but a kill also hurries an end that is under way. */
export function acceptsEnd(phase: RunPhase, request: EndRequest): boolean {
  if (phase.name === 'over') return false;
  const earlier = endRequestOf(phase);
  return earlier === undefined || (request === 'kill' && earlier !== 'kill');
}
