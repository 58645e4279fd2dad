/** How a run ends, and who asked for it. */
import type { RunOutcome } from '../../storage/events';
import type { Conversation } from '../agents/driver/driver';
import { REQUESTED_ENDINGS } from '../agents/driver/ending';
import type { ExitStatus } from './agentProcess';

/** Who asked for the end: a person, politely or not, or the system (a logout, a shutdown). */
export type EndRequest = 'stop' | 'kill' | 'shutdown';

export type RunEnd = ExitStatus & { outcome: RunOutcome; reason: string };

/** The exit status where no agent was started. */
export const NO_EXIT = { exitCode: null, signal: null } as const;

/** Journals hold these sentences. */
export const END_REASONS = {
  stop: REQUESTED_ENDINGS.stop.reason,
  kill: REQUESTED_ENDINGS.kill.reason,
  shutdown: 'Stopped because the system ended this login or shut down',
} as const satisfies Record<EndRequest, string>;

export const TIME_LIMIT_NOTICE = 'The time limit of this job is about a minute away; what is done so far was kept.';

/** The requested end of a run that had no conversation. */
export function requestedEnd(request: EndRequest): RunEnd {
  return { ...NO_EXIT, outcome: request === 'kill' ? 'killed' : 'stopped', reason: END_REASONS[request] };
}

/**
 * The driver's judgement of an agent that was never started.
 * `spawnError` is why; undefined where the end was asked for before.
 */
export function endWithoutAgent(
  conversation: Conversation,
  request: EndRequest | undefined,
  spawnError: string | undefined,
): RunEnd {
  const exit = { ...NO_EXIT, asked: askedOf(request), stderrTail: '' };
  return { ...NO_EXIT, ...conversation.end(spawnError === undefined ? exit : { ...exit, spawnError }) };
}

/** The driver's judgement of an agent that has ended. `cause` is what Corral ended it for. */
export function endOfAgent(
  conversation: Conversation,
  exit: ExitStatus,
  cause: EndRequest | 'idle' | undefined,
  stderrTail: string,
): RunEnd {
  // An idle agent was ended by a signal, which says nothing of its work: its last turn decides.
  if (cause === 'idle')
    return { ...exit, ...conversation.end({ exitCode: 0, signal: null, asked: undefined, stderrTail }) };
  const judgement = conversation.end({ ...exit, asked: askedOf(cause), stderrTail });
  if (cause === 'shutdown') return { ...exit, outcome: 'interrupted', reason: END_REASONS.shutdown };
  return { ...exit, ...judgement };
}

/** Drivers know only the requests of people. */
function askedOf(request: EndRequest | undefined): 'stop' | 'kill' | undefined {
  return request === 'shutdown' ? 'stop' : request;
}
