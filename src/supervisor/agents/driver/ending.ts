/** How a run ended, as far as that can be told in the same way for every agent. */
import type { RunOutcome } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AgentExit } from './driver';

export interface Ending {
  outcome: RunOutcome;
  /** One line for people. */
  reason: string;
}

/** The ends that a person asks for. The reasons stand in journals. */
export const REQUESTED_ENDINGS = {
  stop: { outcome: 'stopped', reason: 'Stopped by you' },
  kill: { outcome: 'killed', reason: 'Killed by you' },
} as const satisfies Record<string, Ending>;

/** An end that the agent did not choose, or undefined where its program ended by itself. */
export function imposedEnding(exit: AgentExit): Ending | undefined {
  if (exit.spawnError !== undefined)
    return { outcome: 'failed', reason: oneLine(`Could not be started: ${exit.spawnError}`) };
  if (exit.asked !== undefined) return REQUESTED_ENDINGS[exit.asked];
  if (exit.signal !== null) return { outcome: 'crashed', reason: `Ended by ${exit.signal}` };
  return undefined;
}

/** `exited with code 3: <last line of stderr>`, or without the line where stderr is empty. */
export function describeExit(exit: AgentExit): string {
  const lastLine = exit.stderrTail.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return oneLine(`exited with code ${exit.exitCode ?? 'unknown'}${lastLine === '' ? '' : `: ${lastLine}`}`);
}
