/** Errors that many commands on a session share. */
import * as l10n from '@vscode/l10n';
import { CorralError } from '../../storage/errors';
import type { RunFacts } from '../../storage/sessionFacts';
import { isId } from '../../storage/ids';
import type { SessionFacts } from '../../storage/sessionFacts';

export function sessionNotFound(sessionId: string): CorralError {
  return new CorralError('SESSION_NOT_FOUND', l10n.t('There is no session {id}.', { id: sessionId }));
}

/** @throws RUNNING where the session has an open run. */
export function requireStopped(openRun: RunFacts | undefined): void {
  if (openRun !== undefined) throw new CorralError('RUNNING', l10n.t('This session is running. Stop it first.'));
}

/** @throws HOST_NOT_SUPPORTED where the session works on another host */
export function requireHere({ host }: Pick<SessionFacts, 'host'>): void {
  if (host !== undefined)
    throw new CorralError(
      'HOST_NOT_SUPPORTED',
      l10n.t(
        'This session works on the host “{name}”, where that is not possible yet. You can send it messages, answer it, interrupt, stop and kill it, and review and apply its work.',
        { name: host.name },
      ),
    );
}

/** @throws UNTRUSTED, STORE_READ_ONLY where nothing may be changed. */
export function requireWritable({ isTrusted, readOnly }: { isTrusted: boolean; readOnly: boolean }): void {
  if (!isTrusted)
    throw new CorralError(
      'UNTRUSTED',
      l10n.t('Nothing is started in a workspace that is not trusted. Trust it first.'),
    );
  if (readOnly)
    throw new CorralError(
      'STORE_READ_ONLY',
      l10n.t('These sessions were written by a newer version of Corral. Update the extension to change them.'),
    );
}

/** @throws EMPTY_PROMPT */
export function requirePrompt(text: string): void {
  if (text.trim() === '') throw new CorralError('EMPTY_PROMPT', l10n.t('Say what the agent should do.'));
}

/** @throws CorralError SESSION_NOT_FOUND */
export async function requireSession(
  store: { sync(id: string): Promise<SessionFacts | undefined> },
  sessionId: string,
): Promise<SessionFacts> {
  const facts = isId(sessionId) ? await store.sync(sessionId) : undefined;
  if (facts === undefined) throw sessionNotFound(sessionId);
  return facts;
}
