/** How a run ended, as far as that can be told in the same way for every agent. */
import type { RunOutcome } from '../../../storage/events';
import { oneLine } from '../../../common/oneLine';
import type { AgentExit } from './driver';

export interface Ending {
  outcome: RunOutcome;
  /** One line for people. */
  reason: string;
}

/** An end that the agent did not choose, or undefined where its program ended by itself. */
export function imposedEnding(exit: AgentExit): Ending | undefined {
  if (exit.spawnError !== undefined)
    return { outcome: 'failed', reason: oneLine(`Could not be started: ${exit.spawnError}`) };
  if (exit.asked === 'kill') return { outcome: 'killed', reason: 'Killed by you' };
  if (exit.asked === 'stop') return { outcome: 'stopped', reason: 'Stopped by you' };
  if (exit.signal !== null) return { outcome: 'crashed', reason: `Ended by ${exit.signal}` };
  return undefined;
}

/** `exited with code 3: <last line of stderr>`, or without the line where stderr is empty. */
export function describeExit(exit: AgentExit): string {
  const lastLine = exit.stderrTail.trimEnd().split('\n').at(-1)?.trim() ?? '';
  return oneLine(`exited with code ${exit.exitCode ?? 'unknown'}${lastLine === '' ? '' : `: ${lastLine}`}`);
}
