import type { Log } from '../../common/log';
import type { AskPerson } from '../system/hostConnection';
import { openConnection } from './openConnection';
import type { ReconnectingHost } from './reconnectingHost';
import type { ReachedHost } from './transport/transportErrors';

export interface ConnectedOptions {
  /** Only where a person wanted it: lets ssh ask for a password. */
  ask?: AskPerson;
  signal?: AbortSignal;
}

/**
 * Does something over a connection of its own. That is closed afterwards, and at once where `signal` is aborted.
 * @throws CorralError `HOST_…` where there is no connection, or it is lost
 */
export async function whileConnected<T>(
  host: ReachedHost,
  { signal, ask, ...options }: ConnectedOptions & { bundles: string; log: Log },
  action: (connection: ReconnectingHost) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const connection = await openConnection(host, options);
  const cancel = (): void => connection.close();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const state = await connection.reconnectNow(ask);
    signal?.throwIfAborted();
    if (state.kind === 'unreachable') throw state.error;
    return await action(connection);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', cancel);
    connection.close();
  }
}
