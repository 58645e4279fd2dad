import { isOnHost } from '../../sessionPredicates';
import type { ContextMends } from '../../text/errorMessages';
import type { CommandContext, RunCommand } from '../commandRunner';

/** What helps a session that could not begin to work on a host, or whose host is away. */
export function hostMends(run: RunCommand, { place, request, session }: CommandContext): ContextMends {
  const wanted = request?.host ?? (place?.kind === 'host' ? place.name : undefined);
  const test = async (): Promise<void> =>
    await run('testHost', wanted === undefined ? undefined : { kind: 'host', name: wanted });
  const host = session?.host;
  return {
    ...((wanted !== undefined || place?.kind === 'leastBusy') && { testHost: test }),
    ...(host !== undefined && {
      connectHost: async () => await run('connectHost', { kind: 'host', name: host.name }),
    }),
    ...(session !== undefined &&
      isOnHost(session) && { continueHere: async () => await run('continueHere', session.id) }),
  };
}
