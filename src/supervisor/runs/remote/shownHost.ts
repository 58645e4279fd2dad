/** What a session shows of the host on which it works. */
import { messageOf } from '../../../common/errors';
import { oneLine } from '../../../common/oneLine';
import type { Log } from '../../../common/log';
import type { SessionFacts } from '../../../storage/sessionFacts';
import type { SessionModel } from '../../sessions/sessionModel';
import type { HostState } from '../../system/hostConnection';
import type { HostStores, OpenHost } from './hostStores';

export function showHost(model: SessionModel, sessionId: string, { kind, sinceMs }: HostState): void {
  model.setHost(sessionId, { state: kind, since: new Date(sinceMs).toISOString() });
}

/** The session's host; undefined where that is not connected, or cannot be used, which is shown and logged once. */
export async function findShownHost(
  { model, stores, log }: { model: SessionModel; stores: HostStores; log: Log },
  facts: SessionFacts,
): Promise<OpenHost | undefined> {
  const { sessionId } = facts;
  try {
    const host = await stores.find(facts);
    if (host !== undefined) showHost(model, sessionId, host.connection.state);
    return host;
  } catch (error) {
    const reason = oneLine(messageOf(error));
    if (model.live(sessionId).host?.reason === reason) return undefined;
    log.warn(`The host of session ${sessionId}: ${reason}`);
    model.setHost(sessionId, { state: 'unreachable', since: new Date().toISOString(), reason });
    return undefined;
  }
}
