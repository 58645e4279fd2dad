import { CorralError } from '../../storage/errors';
import type { RunFacts } from '../../storage/sessionFacts';

/** @throws RUNNING where there is a run. */
export function requireStopped(openRun: RunFacts | undefined): void {
  if (openRun !== undefined) throw new CorralError('RUNNING', 'This session is running. Stop it first.');
}
