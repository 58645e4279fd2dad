import type { DraftEvent } from '../../storage/events';
import type { Ending } from '../agents/driver/ending';
import { endedEarly } from '../agents/driver/turns';
import type { DriverName } from '../agents/drivers';

/** The agent whose records are read. `environment` is complete, as the agent would be started with. */
export interface ImportingAgent {
  program: string;
  programArguments: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
}

/** A session in an agent's own records. */
export interface FoundSession {
  nativeSessionId: string;
  /** One line from the first prompt. */
  title: string;
  /** The folder in which the session worked. */
  cwd: string;
  /** ISO 8601 UTC. */
  updatedAt: string;
  /** Where the agent keeps the session. */
  source: string;
}

/** A session that an agent had without Corral, and the configured agent that can continue it. */
export interface NativeSession extends FoundSession {
  agent: string;
  driver: DriverName;
  backendType: string;
}

/** How an agent's records are looked through. What was found before it is aborted counts. */
export interface SessionSearch {
  signal: AbortSignal;
  onFound: (session: FoundSession) => void;
}

/** An agent whose records could not be read, or not to their end. */
export interface UnreadSource {
  agent: string;
  reason: string;
}

/** An event with the time that the agent recorded for it. */
export interface TimedEvent {
  timestamp: string;
  event: DraftEvent;
}

/** The end of the run that a transcript becomes. No process has ended, so a turn without an end was interrupted. */
export function exitOfTranscript(ending: Ending): DraftEvent {
  const end: Ending = endedEarly(ending)
    ? { outcome: 'interrupted', reason: 'Its transcript ends in the middle of a turn' }
    : ending;
  return { kind: 'run.exited', data: { exitCode: null, signal: null, ...end } };
}
