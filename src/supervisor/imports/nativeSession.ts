import type { DraftEvent } from '../../storage/events';
import type { DriverName } from '../agents/drivers';
import type { Ending } from '../agents/driver/ending';

/** The agent whose records are read, with the whole environment that it would be started with. */
export interface ImportingAgent {
  program: string;
  programArguments: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
}

/** A session in an agent's own records. */
export interface FoundSession {
  nativeSessionId: string;
  /** One line: what it was first asked. */
  title: string;
  /** The folder that it worked in. */
  cwd: string;
  /** ISO 8601 UTC. */
  updatedAt: string;
  /** Where the agent keeps it. */
  source: string;
}

/** A session that an agent had without Corral, and the configured agent that can go on with it. */
export interface NativeSession extends FoundSession {
  agent: string;
  driver: DriverName;
  backendType: string;
}

/** An event with the time that the agent recorded for it. */
export interface TimedEvent {
  timestamp: string;
  event: DraftEvent;
}

/** How the run of a transcript ends: no process told it. */
export function exitOfTranscript({ outcome, reason }: Ending): DraftEvent {
  const isCutOff = outcome === 'failed' && reason.startsWith('The agent ended');
  const end = isCutOff
    ? { outcome: 'interrupted' as const, reason: 'Its transcript ends in the middle of a turn' }
    : { outcome, reason };
  return { kind: 'run.exited', data: { exitCode: null, signal: null, ...end } };
}
