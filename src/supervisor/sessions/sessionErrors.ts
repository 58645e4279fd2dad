/** Errors that many commands on a session share. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { RunFacts } from '../../storage/sessionFacts';

export function sessionNotFound(sessionId: string): CorralError {
  return new CorralError('SESSION_NOT_FOUND', l10n.t('There is no session {id}.', { id: sessionId }));
}

/** @throws RUNNING where the session has an open run. */
export function requireStopped(openRun: RunFacts | undefined): void {
  if (openRun !== undefined) throw new CorralError('RUNNING', l10n.t('This session is running. Stop it first.'));
}
